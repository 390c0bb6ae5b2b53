"""Files that a person can open, for object names that may be anything."""

import hashlib
import re
from pathlib import Path

_PLAIN = re.compile(r"[^\x00-\x1f\x7f]+")
_LONGEST_NAME = 200
_OBSCURE = ".objects"


def file_for(root: Path, bucket: str, name: str) -> Path:
    """Where a new object's content goes, relative to `root`: BUCKET/NAME wherever that can be.

    Object names are flat and may hold anything; file names may not, `a` cannot be a file beside a
    folder `a/`, and on some disks `A` and `a` are one. Such objects go to a folder of their own,
    under a digest of their name.
    """
    parts = name.split("/")
    plain = all(
        part not in ("", ".", "..", _OBSCURE)
        and _PLAIN.fullmatch(part)
        and len(part.encode()) <= _LONGEST_NAME
        for part in parts
    )
    readable = Path(bucket, *parts)
    if plain and not _is_taken(root, readable):
        return readable
    return Path(bucket, _OBSCURE, hashlib.sha256(name.encode()).hexdigest())


def _is_taken(root: Path, file: Path) -> bool:
    """Whether something stands where the file would, or a file where one of its folders would."""
    return (root / file).exists() or any((root / parent).is_file() for parent in file.parents)
