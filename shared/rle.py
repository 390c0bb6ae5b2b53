"""COCO run-length encoding of masks: column-major runs that start with zeros.

The codec is pycocotools' own; this module types it and checks what comes from outside.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from pycocotools import mask as coco

from shared.geometry import BoolMask

_LONGEST_RUN = 2**32 - 1
"""pycocotools keeps runs as unsigned 32-bit integers."""


class Rle(NamedTuple):
    """COCO's compressed form: `size` is (height, width), `counts` its ASCII string."""

    size: tuple[int, int]
    counts: str


def encode(mask: BoolMask) -> Rle:
    """The compressed RLE of a bool (h, w) mask."""
    encoded = coco.encode(np.asfortranarray(mask, dtype=np.uint8))
    height, width = encoded["size"]
    return Rle((int(height), int(width)), _packed(encoded).decode("ascii"))


def decode(counts: str | Sequence[int], size: tuple[int, int]) -> BoolMask:
    """The bool (h, w) mask of COCO's compressed string, or of its plain runs.

    Raises:
        ValueError: the runs are malformed or negative, or do not add up to height times width.
    """
    height, width = size
    if isinstance(counts, str):
        packed = counts.encode("ascii", "replace")
    else:
        if not all(0 <= run <= _LONGEST_RUN for run in counts):
            raise ValueError("a run is negative or absurdly long")
        runs = {"size": [height, width], "counts": list(counts)}
        packed = _packed(coco.frPyObjects(runs, height, width))
    mask = coco.decode({"size": [height, width], "counts": packed})
    # pycocotools refuses runs that overflow the size but leaves memory unset where they fall
    # short of it, so runs are complete exactly if they overflow one pixel less.
    if _fits(packed, height * width - 1):
        raise ValueError(f"the runs do not add up to {height} x {width} pixels")
    return mask.astype(bool)


def _packed(encoded: Any) -> bytes:
    """Pycocotools' stubs know neither that counts are bytes nor that one object gives one RLE."""
    return bytes(encoded["counts"])


def _fits(packed: bytes, pixels: int) -> bool:
    try:
        coco.decode({"size": [1, pixels], "counts": packed})
    except ValueError:
        return False
    return True
