"""Which checkpoint is loaded, and in which revision: what answers name."""

import hashlib
from pathlib import Path
from typing import Any

from shared.sam2.contract import SegmenterPart

SOURCE = "source.json"
"""Beside the weights in a folder: where they come from, as functions/sam2/bake.py writes it."""

_WEIGHTS = "*.safetensors"


def identified(checkpoint: str, config: Any) -> SegmenterPart:
    """What a loaded checkpoint is, by its name or folder and transformers' configuration of it.

    Of a model at huggingface.co the revision is its commit. A folder tells where it was taken from,
    or is named by itself, with a digest of its weights.
    """
    folder = Path(checkpoint)
    if not folder.is_dir():
        commit = getattr(config, "_commit_hash", None)
        return SegmenterPart(backend="sam2", checkpoint=checkpoint, revision=commit)
    source = folder / SOURCE
    if source.exists():
        return SegmenterPart.model_validate_json(source.read_bytes())
    return SegmenterPart(backend="sam2", checkpoint=folder.resolve().name, revision=_digest(folder))


def _digest(folder: Path) -> str:
    """12 hexadecimal digits of the SHA-256 of the weights."""
    digest = hashlib.sha256()
    for file in sorted(folder.glob(_WEIGHTS)):
        with file.open("rb") as weights:
            digest.update(hashlib.file_digest(weights, "sha256").digest())
    return digest.hexdigest()[:12]
