"""COCO run-length encoding of masks: column-major runs that start with zeros.

pycocotools makes the strings. It does not read them: they come from servers, and pycocotools 2.0.11
corrupts the heap on malformed runs and leaves memory unset where they fall short.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from pycocotools import mask as coco

from shared.geometry import BoolMask, Box

_LONGEST_NUMBER = 7
"""Characters of a run in COCO's string: five bits each, and runs have 32 bits at most."""


class Rle(NamedTuple):
    """COCO's compressed form: `size` is (height, width), `counts` its ASCII string."""

    size: tuple[int, int]
    counts: str


def encode(mask: BoolMask) -> Rle:
    """The compressed RLE of a bool (h, w) mask."""
    whole = Box.of_image(mask)
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
    runs = _runs(counts) if isinstance(counts, str) else counts
    if any(run < 0 for run in runs):
        raise ValueError("a run is negative")
    if sum(runs) != height * width:
        raise ValueError(f"the runs do not add up to {height} x {width} pixels")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape((height, width), order="F")


def _runs(counts: str) -> list[int]:
    """The runs in COCO's compressed string.

    As rleFrString of pycocotools' maskApi.c defines it: characters from `0` on carry five bits
    each, the least significant first; a sixth bit says that more follow, and the fifth of the last
    one is the sign. From the fourth run on each is the difference to the one two before.
    """
    runs: list[int] = []
    value = length = 0
    for character in counts:
        chunk = ord(character) - 48
        if not 0 <= chunk < 64 or length == _LONGEST_NUMBER:
            raise ValueError(f"malformed COCO string at {character!r}")
        value |= (chunk & 0x1F) << (5 * length)
        length += 1
        if chunk & 0x20:
            continue
        if chunk & 0x10:
            value -= 1 << (5 * length)
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = length = 0
    if length:
        raise ValueError("malformed COCO string: it breaks off inside a run")
    return runs
