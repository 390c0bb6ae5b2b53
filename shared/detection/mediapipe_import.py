"""MediaPipe without matplotlib.

Importing MediaPipe imports matplotlib, for drawing helpers that nothing here calls; that takes
longer than all the rest. While MediaPipe is imported, empty modules stand for it; whoever imports
matplotlib later gets the real one.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def _absent(*names: str) -> Iterator[None]:
    stand_ins = {name: ModuleType(name) for name in names if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]


with _absent("matplotlib", "matplotlib.pyplot"):
    from mediapipe import solutions

__all__ = ["solutions"]
