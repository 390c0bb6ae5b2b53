"""Imports MediaPipe without matplotlib.

MediaPipe imports matplotlib for drawing helpers that this project does not call, and that takes
longer than the rest of the import. Empty modules replace matplotlib while MediaPipe is imported and
are removed afterwards, so a later import of matplotlib loads the real one.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def _replaced_by_empty_modules(*names: str) -> Iterator[None]:
    stubs = {name: ModuleType(name) for name in names if name not in sys.modules}
    sys.modules.update(stubs)
    try:
        yield
    finally:
        for name in stubs:
            del sys.modules[name]


with _replaced_by_empty_modules("matplotlib", "matplotlib.pyplot"):
    from mediapipe import solutions

__all__ = ["solutions"]
