"""Builds a next version of toonmask, whose documents have one more field."""

import os
import re
import shutil
from pathlib import Path

from shared import VERSION
from tools.support.examples import ROOT

ADDED = "added_later"
"""The name of the field."""

_MODELS = {
    "schemas/documents.py": ("Source", "PromptsDocument", "Instance", "ResultDocument"),
    "schemas/prompt.py": ("Prompt",),
}


class NextVersion:
    """A changed copy of shared/, which is made when it is first needed."""

    version = f"{VERSION}+next"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def environment(self) -> dict[str, str]:
        """Returns the environment that makes a function import the copy."""
        if not self._folder.exists():
            self._make()
        return {"PYTHONPATH": f"{self._folder}{os.pathsep}{ROOT}", "PYTHONSAFEPATH": "1"}

    def _make(self) -> None:
        copy = self._folder / "shared"
        shutil.copytree(ROOT / "shared", copy, ignore=shutil.ignore_patterns("__pycache__"))
        _edit(copy / "__init__.py", f'VERSION = "{VERSION}"', f'VERSION = "{self.version}"')
        for file, models in _MODELS.items():
            for name in models:
                head = re.compile(rf'^class {name}\(.*?\n    """.*?"""\n', re.DOTALL | re.MULTILINE)
                (found,) = head.findall((copy / file).read_text())
                field = f'{found}\n    {ADDED}: str = "of the next version"\n'
                _edit(copy / file, found, field)


def _edit(file: Path, old: str, new: str) -> None:
    before = file.read_text()
    if old not in before:
        raise ValueError(f"{file} has no {old!r}; change next_version.py to match it")
    file.write_text(before.replace(old, new))
