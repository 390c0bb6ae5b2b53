"""Gives uploads their folders in an archive: safe and unique on every system."""

import re
from collections.abc import Sequence
from itertools import count
from pathlib import PurePosixPath

from shared.schemas import file_names

_EXTENSION = re.compile(r"(\.[^./]*)?\Z")


class ArchivePaths:
    """Gives out paths in one archive. `reserved` has files that are already in it."""

    def __init__(self, reserved: Sequence[str] = ()) -> None:
        self._files = set(map(file_names.collision_key, reserved))
        self._folders: set[str] = set()

    def folder(self, name: str, files: Sequence[str]) -> str:
        """Returns the folder for the files of an upload: its name, perhaps with a number.

        `files` are names relative to the folder. No file of it is a file, or a folder, of another
        upload: `cat.png` and `Cat.png` get two folders, and so do an upload `a`, which has a file
        `a/mask.png`, and one that is called so.
        """
        portable = file_names.portable(name)
        for number in count(1):
            folder = portable if number == 1 else _numbered(portable, number)
            keys = [file_names.collision_key(f"{folder}/{file}") for file in files]
            if not any(map(self._is_taken, keys)):
                break
        self._files.update(keys)
        self._folders.update(parent for key in keys for parent in _parents(key))
        return folder

    def _is_taken(self, key: str) -> bool:
        return (
            key in self._files
            or key in self._folders
            or any(parent in self._files for parent in _parents(key))
        )


def _parents(key: str) -> list[str]:
    return [str(parent) for parent in PurePosixPath(key).parents]


def _numbered(name: str, number: int) -> str:
    """Returns `a/cat (2).png` for `a/cat.png` and 2."""
    return _EXTENSION.sub(lambda found: f" ({number}){found[0]}", name, count=1)
