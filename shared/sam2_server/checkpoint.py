"""Identifies a checkpoint and its revision, which responses name."""

import hashlib
import re
from pathlib import Path

from shared.sam2_server.checkpoint_files import WEIGHTS, CheckpointFiles
from shared.segmentation.sam2.contract import SegmenterPart

SOURCE = "source.json"
"""A file beside the weights in a folder, which says where they come from. functions/sam2/bake.py
writes it."""

_UNUSUAL = re.compile(r"[^\w./-]", re.ASCII)
_MOST_CHARACTERS = 150
"""Limit for a checkpoint's name: the schema of `SegmenterPart.checkpoint` has the same."""

_DIGEST_CHARACTERS = 12
"""Hexadecimal digits of a digest. Chosen by hand: more make logs longer, fewer make equal digests
of different weights likely."""


def identify(files: CheckpointFiles) -> SegmenterPart:
    """Returns the name and revision of a checkpoint.

    The revision of a model at huggingface.co is its commit. For a folder, SOURCE gives name and
    revision. Without it, the name is the folder's, and the revision is a digest of the weights.
    """
    named = SegmenterPart(backend="sam2", checkpoint=_plain(files.name), revision=files.commit)
    if files.commit:
        return named
    part = _source(files.folder) or named
    return part if part.revision else part.model_copy(update={"revision": _digest(files.folder)})


def _source(folder: Path) -> SegmenterPart | None:
    file = folder / SOURCE
    return SegmenterPart.model_validate_json(file.read_bytes()) if file.exists() else None


def _plain(name: str) -> str:
    """Returns the name without the characters that the schema of responses forbids."""
    return _UNUSUAL.sub("_", name)[-_MOST_CHARACTERS:]


def _digest(folder: Path) -> str | None:
    """Returns the first digits of the SHA-256 of the weights; None if there are no weights."""
    files = sorted(folder.glob(WEIGHTS))
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as weights:
            digest.update(hashlib.file_digest(weights, "sha256").digest())
    return digest.hexdigest()[:_DIGEST_CHARACTERS] if files else None
