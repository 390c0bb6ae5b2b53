"""Maps object names, which may contain any characters, to file names."""

import hashlib
import re
from pathlib import Path

_PLAIN = re.compile(r"[^\x00-\x1f\x7f]+")
_LONGEST_NAME = 200
"""Limit for a part of a path, in bytes. Most file systems allow 255, and temporary files need
some. Chosen by hand."""

_DIGESTS = ".objects"
"""The folder in a bucket for objects whose names cannot be file names."""


def file_for(root: Path, bucket: str, name: str) -> Path:
    """Returns the file for a new object's content, relative to `root`: BUCKET/NAME if possible.

    Some object names cannot be file names. `a` cannot be a file beside a folder `a/`, and on some
    file systems `A` and `a` are the same file. Such objects get a digest of their name as the file
    name, in a separate folder.
    """
    parts = name.split("/")
    plain = all(
        part not in ("", ".", "..", _DIGESTS)
        and _PLAIN.fullmatch(part)
        and len(part.encode()) <= _LONGEST_NAME
        for part in parts
    )
    readable = Path(bucket, *parts)
    if plain and not _is_taken(root, readable):
        return readable
    return Path(bucket, _DIGESTS, hashlib.sha256(name.encode()).hexdigest())


def _is_taken(root: Path, file: Path) -> bool:
    """Whether the file exists, or one of its folders exists as a file."""
    return (root / file).exists() or any((root / parent).is_file() for parent in file.parents)
