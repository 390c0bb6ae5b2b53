"""COCO run-length encoding of masks: column-major runs that start with zeros.

pycocotools encodes. It does not decode, because strings to decode come from servers: on malformed
runs pycocotools 2.0.11 corrupts the heap, and on runs that are too short it leaves memory
uninitialised.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco

from shared.imaging.geometry import BoolMask, image_box
from shared.schemas.box import Box

_MAX_RUN_CHARACTERS = 7
"""Maximum number of characters of a run in COCO's string: each holds five bits, and a run has at
most 32 bits."""

_MAX_RUNS_PER_PIXEL = 2
"""Maximum number of runs per pixel: one of the pixel itself, and one of length 0, which some
encoders write between others. Limits the memory that a malformed string can take."""

Runs: TypeAlias = npt.NDArray[np.int64]


class Rle(NamedTuple):
    """A mask in COCO's compressed form: `size` is (height, width), `counts` the ASCII string."""

    size: tuple[int, int]
    counts: str


def encode(mask: BoolMask) -> Rle:
    """Encodes a bool (h, w) mask as compressed RLE."""
    image = image_box(mask)
    return encode_part(mask, image, image)


def encode_part(pixels: BoolMask, window: Box, image: Box) -> Rle:
    """Encodes an image's mask that has these pixels in the window and is zero elsewhere.

    `pixels` is bool (window.height, window.width). The cost grows with the window, not the image.
    """
    columns = pixels.T
    if window.height < image.height:  # a zero ends each column, as in the image
        columns = np.pad(columns, ((0, 0), (0, 1)))
    changes = np.flatnonzero(np.diff(columns.ravel(), prepend=False, append=False))
    column, row = np.divmod(changes, columns.shape[1])
    starts = (window.x0 + column) * image.height + window.y0 + row
    runs = np.diff(starts, prepend=0, append=image.area).tolist()
    if not runs[-1]:  # the mask reaches the image's last pixel
        runs.pop()
    size = image.height, image.width
    # The stubs lack that counts are bytes.
    encoded: Any = coco.frPyObjects({"counts": runs, "size": size}, *size)
    return Rle(size, encoded["counts"].decode("ascii"))


def decode(counts: str | Sequence[int], size: tuple[int, int]) -> BoolMask:
    """Decodes COCO's compressed string, or its uncompressed runs, to a bool (h, w) mask.

    `size` is (height, width).

    Raises:
        ValueError: The runs are malformed or negative, or do not add up to height times width.
    """
    lengths = runs(counts, size)
    values = np.arange(len(lengths)) % 2 == 1
    return np.repeat(values, lengths).reshape(size, order="F")


def decode_part(counts: str, size: tuple[int, int]) -> tuple[BoolMask, Box]:
    """Decodes COCO's compressed string to the pixels of a window outside of which all are zero.

    The inverse of `encode_part`: bool (window.height, window.width). `size` is (height, width). The
    window has all rows of the columns between the first and the last pixel set, or one column if
    none is. The cost grows with the window, not the image.

    Raises:
        ValueError: as `decode`.
    """
    height, _ = size
    lengths = runs(counts, size)
    ends = lengths.cumsum()
    is_set = np.arange(len(lengths)) % 2 == 1
    filled = np.flatnonzero(is_set & (lengths > 0))
    x0, x1 = 0, 1
    if filled.size:
        first, last = filled[0], filled[-1]
        x0, x1 = int(ends[first] - lengths[first]) // height, -(-int(ends[last]) // height)
    inside = np.diff(ends.clip(x0 * height, x1 * height), prepend=x0 * height)
    pixels = np.repeat(is_set, inside).reshape((height, x1 - x0), order="F")
    return np.ascontiguousarray(pixels), Box(x0, 0, x1, height)


def runs(counts: str | Sequence[int], size: tuple[int, int]) -> Runs:
    """Returns the lengths of the runs, int64 (n,), column by column; the first one is of zeros.

    Raises:
        ValueError: as in `decode`.
    """
    height, width = size
    max_runs = _MAX_RUNS_PER_PIXEL * (height * width + 1)
    if len(counts) > (max_runs * _MAX_RUN_CHARACTERS if isinstance(counts, str) else max_runs):
        raise ValueError(f"{len(counts):,} runs do not add up to {height} x {width} pixels")
    lengths = _runs(counts) if isinstance(counts, str) else _as_array(counts)
    if (lengths < 0).any():
        raise ValueError("a run is negative")
    if (lengths > height * width).any() or lengths.sum() != height * width:
        raise ValueError(f"the runs do not add up to {height} x {width} pixels")
    return lengths


def _as_array(counts: Sequence[int]) -> Runs:
    try:
        return np.array(counts, np.int64)
    except OverflowError as error:
        raise ValueError("the runs do not add up: one has more than 64 bits") from error


def _runs(counts: str) -> Runs:
    """Decodes the runs in COCO's compressed string.

    The format is defined by rleFrString in pycocotools' maskApi.c. Each character, counted from
    `0`, carries five bits of a run, the least significant first. The sixth bit is set if more
    characters follow. The fifth bit of the last character is the sign. From the fourth run on, a
    run is stored as the difference to the run two places before it.
    """
    chunks = np.frombuffer(counts.encode("ascii"), np.uint8).astype(np.int64) - 48
    invalid = (chunks < 0) | (chunks >= 64)
    if invalid.any():
        raise ValueError(f"malformed COCO string at {counts[int(invalid.argmax())]!r}")
    ends = np.flatnonzero(chunks & 0x20 == 0)
    lengths = np.diff(ends, prepend=-1)
    if lengths.sum() < len(chunks):
        raise ValueError("malformed COCO string: it breaks off inside a run")
    if (lengths > _MAX_RUN_CHARACTERS).any():
        raise ValueError("malformed COCO string: a run of more than 32 bits")
    starts = ends - lengths + 1
    shifts = 5 * (np.arange(len(chunks)) - np.repeat(starts, lengths))
    runs = np.add.reduceat((chunks & 0x1F) << shifts, starts)
    runs -= np.where(chunks[ends] & 0x10, np.left_shift(1, 5 * lengths), 0)
    runs[1::2] = runs[1::2].cumsum()
    runs[2::2] = runs[2::2].cumsum()
    return runs
