"""A next version of ours, whose documents have a field more."""

import re
import shutil
from pathlib import Path

from shared import VERSION
from tests.chaos.hooks import ROOT

_DOCUMENTS = ("Source", "PromptsDocument", "ResultDocument")
_FIELD = '    added_later: str = "of the next version"\n'


class NextVersion:
    """A copy of shared/, changed. Made when it is first asked for."""

    version = f"{VERSION}+next"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def environment(self) -> dict[str, str]:
        """What makes a function import the copy instead of what lies in its working directory."""
        if not self._folder.exists():
            self._make()
        return {"PYTHONPATH": str(self._folder), "PYTHONSAFEPATH": "1"}

    def _make(self) -> None:
        copy = self._folder / "shared"
        shutil.copytree(ROOT / "shared", copy, ignore=shutil.ignore_patterns("__pycache__"))
        _edit(copy / "__init__.py", f'VERSION = "{VERSION}"', f'VERSION = "{self.version}"')
        for name in _DOCUMENTS:
            head = re.compile(rf'^class {name}\(.*?\n    """.*?"""\n', re.DOTALL | re.MULTILINE)
            (found,) = head.findall((copy / "documents.py").read_text())
            _edit(copy / "documents.py", found, f"{found}\n{_FIELD}")


def _edit(file: Path, old: str, new: str) -> None:
    before = file.read_text()
    if old not in before:
        raise ValueError(f"{file} has no {old!r}: the next version is made otherwise now")
    file.write_text(before.replace(old, new))
