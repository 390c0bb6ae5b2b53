"""COCO run-length encoding of masks: column-major runs that start with zeros.

pycocotools makes the strings. It does not read them: they come from servers, and pycocotools 2.0.11
corrupts the heap on malformed runs and leaves memory unset where they fall short.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

from shared.imaging.geometry import BoolMask, image_box
from shared.schemas.box import Box

_LONGEST_NUMBER = 7
"""Characters of a run in COCO's string: five bits each, and runs have 32 bits at most."""

_RUNS_PER_PIXEL = 2
"""At most: some encoders write runs of no pixel between others."""

Runs: TypeAlias = npt.NDArray[np.int64]


class Rle(NamedTuple):
    """COCO's compressed form: `size` is (height, width), `counts` its ASCII string."""

    size: tuple[int, int]
    counts: str


def encode(mask: BoolMask) -> Rle:
    """The compressed RLE of a bool (h, w) mask."""
    whole = image_box(mask)
    return encode_part(mask, whole, whole)


def encode_part(pixels: BoolMask, window: Box, image: Box) -> Rle:
    """The compressed RLE of the image's mask that is zero outside the window with these pixels."""
    columns = pixels.T
    if window.height < image.height:  # a zero ends each column, as it does in the image
        columns = np.pad(columns, ((0, 0), (0, 1)))
    changes = np.flatnonzero(np.diff(columns.ravel(), prepend=False, append=False))
    column, row = np.divmod(changes, columns.shape[1])
    starts = (window.x0 + column) * image.height + window.y0 + row
    runs = np.diff(starts, prepend=0, append=image.area).tolist()
    if not runs[-1]:  # the mask reaches the image's last pixel
        runs.pop()
    size = image.height, image.width
    # The stubs do not know that counts are bytes.
    encoded: Any = coco.frPyObjects({"counts": runs, "size": size}, *size)
    return Rle(size, encoded["counts"].decode("ascii"))


def decode(counts: str | Sequence[int], size: tuple[int, int]) -> BoolMask:
    """The bool (h, w) mask of COCO's compressed string, or of its plain runs.

    Raises:
        ValueError: the runs are malformed or negative, or do not add up to height times width.
    """
    height, width = size
    most = _RUNS_PER_PIXEL * (height * width + 1)
    if len(counts) > (most * _LONGEST_NUMBER if isinstance(counts, str) else most):
        raise ValueError(f"{len(counts):,} runs do not add up to {height} x {width} pixels")
    runs = _runs(counts) if isinstance(counts, str) else _whole(counts)
    if (runs < 0).any():
        raise ValueError("a run is negative")
    if (runs > height * width).any() or runs.sum() != height * width:
        raise ValueError(f"the runs do not add up to {height} x {width} pixels")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape((height, width), order="F")


def _whole(counts: Sequence[int]) -> Runs:
    try:
        return np.array(counts, np.int64)
    except OverflowError as error:
        raise ValueError("the runs do not add up: one has more than 64 bits") from error


def _runs(counts: str) -> Runs:
    """The runs in COCO's compressed string.

    As rleFrString of pycocotools' maskApi.c defines it: characters from `0` on carry five bits
    each, the least significant first; a sixth bit says that more follow, and the fifth of the last
    one is the sign. From the fourth run on each is the difference to the one two before.
    """
    chunks = np.frombuffer(counts.encode("ascii"), np.uint8).astype(np.int64) - 48
    strange = (chunks < 0) | (chunks >= 64)
    if strange.any():
        raise ValueError(f"malformed COCO string at {counts[int(strange.argmax())]!r}")
    ends = np.flatnonzero(chunks & 0x20 == 0)
    lengths = np.diff(ends, prepend=-1)
    if lengths.sum() < len(chunks):
        raise ValueError("malformed COCO string: it breaks off inside a run")
    if (lengths > _LONGEST_NUMBER).any():
        raise ValueError("malformed COCO string: a run of more than 32 bits")
    starts = ends - lengths + 1
    shifts = 5 * (np.arange(len(chunks)) - np.repeat(starts, lengths))
    runs = np.add.reduceat((chunks & 0x1F) << shifts, starts)
    runs -= np.where(chunks[ends] & 0x10, np.left_shift(1, 5 * lengths), 0)
    runs[1::2] = runs[1::2].cumsum()
    runs[2::2] = runs[2::2].cumsum()
    return runs
