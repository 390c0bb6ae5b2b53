"""Checks the structure of a TIFF before it is decoded."""

from collections.abc import Iterable
from typing import Any

from PIL.TiffImagePlugin import (
    STRIPBYTECOUNTS,
    TILEBYTECOUNTS,
    TILELENGTH,
    TILEWIDTH,
    TiffImageFile,
)

from shared.schemas.errors import ReasonCode, Rejected

_MOST_COVER = 2
"""Limit for the pixels of all tiles, as a multiple of `max_pixels`. Tiles may extend beyond the
image's edges. Chosen by hand: a higher limit allows more work for each file."""


def _covered_pixels(picture: TiffImageFile) -> int:
    """Returns the number of pixels that are decoded.

    Tiles are decoded completely. Strips end at the image's edge.
    TIFF 6.0, sections 3 and 15: https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
    """
    width, height = picture.size
    tile_width, tile_height = (_number(picture.tag_v2.get(t)) for t in (TILEWIDTH, TILELENGTH))
    if not (tile_width and tile_height):
        return width * height
    return -(-width // tile_width) * -(-height // tile_height) * tile_width * tile_height


def decoded_pixels(picture: TiffImageFile, file_bytes: int, max_pixels: int) -> int:
    """Returns the number of pixels that are decoded for a TIFF of `file_bytes` bytes.

    Raises:
        Rejected: the tiles cover far more than the image, or several tiles or strips share the
            same bytes of the file.
    """
    most, covered = _MOST_COVER * max_pixels, _covered_pixels(picture)
    if covered > most:
        raise Rejected(
            ReasonCode.TOO_MANY_PIXELS,
            f"The TIFF's tiles cover {covered:,} pixels; the limit is {most:,}, twice MAX_PIXELS.",
        )
    for tag in (STRIPBYTECOUNTS, TILEBYTECOUNTS):
        declared = sum(map(_number, _numbers(picture.tag_v2.get(tag))))
        if declared > file_bytes:
            raise Rejected(
                ReasonCode.CORRUPT_IMAGE,
                f"The TIFF's parts have {declared:,} bytes together, but the file has only "
                f"{file_bytes:,}: parts overlap or are missing.",
            )
    return covered


def _numbers(value: Any) -> Iterable[Any]:
    """Returns a tag's values. Pillow returns a single value without a tuple."""
    return value if isinstance(value, tuple) else (value,)


def _number(value: Any) -> int:
    """Returns a tag's number; 0 if the tag of a broken file holds another value."""
    return value if isinstance(value, int) and value > 0 else 0
