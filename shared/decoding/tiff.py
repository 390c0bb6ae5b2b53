"""How much work a TIFF makes, by its structure."""

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
"""Pixels that tiles may cover, over those that an image may have: tiles reach beyond its edges."""


def _covered_pixels(picture: TiffImageFile) -> int:
    """Pixels that are decoded for an image: its tiles are decoded whole, strips end where it ends.

    TIFF 6.0, sections 3 and 15: https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf
    """
    width, height = picture.size
    tile_width, tile_height = (_number(picture.tag_v2.get(t)) for t in (TILEWIDTH, TILELENGTH))
    if not (tile_width and tile_height):
        return width * height
    return -(-width // tile_width) * -(-height // tile_height) * tile_width * tile_height


def decoded_pixels(picture: TiffImageFile, file_bytes: int, max_pixels: int) -> int:
    """How many pixels are decoded for a TIFF, where its size explains the work.

    Tiles may be far larger than the image; and many tiles or strips may be the same bytes.

    Raises:
        Rejected: it is such a file.
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
                f"The TIFF's parts add up to {declared:,} bytes, and the file has {file_bytes:,}: "
                "some are the same bytes, or are missing.",
            )
    return covered


def _numbers(value: Any) -> Iterable[Any]:
    """A tag's values: Pillow gives one of them alone, not in a tuple."""
    return value if isinstance(value, tuple) else (value,)


def _number(value: Any) -> int:
    """A tag of a broken file may hold anything."""
    return value if isinstance(value, int) and value > 0 else 0
