"""Which checkpoint is loaded, and in which revision: what answers name."""

import hashlib
import re
from pathlib import Path
from typing import Any

from shared.segmentation.sam2.contract import SegmenterPart

SOURCE = "source.json"
"""Beside the weights in a folder: where they come from, as functions/sam2/bake.py writes it."""

_WEIGHTS = ("*.safetensors", "*.bin")
_UNUSUAL = re.compile(r"[^\w./-]", re.ASCII)
_MOST_CHARACTERS = 150


def identified(checkpoint: str, config: Any) -> SegmenterPart:
    """What a loaded checkpoint is, by its name or folder and transformers' configuration of it.

    Of a model at huggingface.co the revision is its commit. A folder may tell where it was taken
    from; else it is named by itself, and its revision is a digest of its weights.
    """
    folder = Path(checkpoint)
    if not folder.is_dir():
        commit = getattr(config, "_commit_hash", None)
        return SegmenterPart(backend="sam2", checkpoint=_plain(checkpoint), revision=commit)
    part = _source(folder) or SegmenterPart(
        backend="sam2", checkpoint=_plain(folder.resolve().name)
    )
    return part if part.revision else part.model_copy(update={"revision": _digest(folder)})


def _source(folder: Path) -> SegmenterPart | None:
    file = folder / SOURCE
    return SegmenterPart.model_validate_json(file.read_bytes()) if file.exists() else None


def _plain(name: str) -> str:
    """A name as answers may carry it."""
    return _UNUSUAL.sub("_", name)[-_MOST_CHARACTERS:]


def _digest(folder: Path) -> str | None:
    """12 hexadecimal digits of the SHA-256 of the weights, None where none are found."""
    files = sorted(file for pattern in _WEIGHTS for file in folder.glob(pattern))
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as weights:
            digest.update(hashlib.file_digest(weights, "sha256").digest())
    return digest.hexdigest()[:12] if files else None
