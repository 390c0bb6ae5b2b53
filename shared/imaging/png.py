"""PNGs, at the cost of what is in them.

Masks and cutouts of one face are nearly all zero, and encoders go over every one of those zeros. A
deflate stream can be put together from blocks that were made apart (RFC 1951), so the empty rows
above and below are one block, made once and repeated.

What is not empty goes through a filter whose steps are vector instructions, and through zlib-ng:
OpenCV's and Pillow's encoders take longer or write more (docs/performance.md).
"""

import io
import struct
from collections.abc import Iterator
from functools import lru_cache
from math import prod

import cv2
import numpy as np
import numpy.typing as npt
from zlib_ng import zlib_ng as zlib

from shared.imaging.sparse_image import Collage, Pixels
from shared.schemas.box import Box

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ZLIB_HEADER = b"\x78\x01"
_RAW = -zlib.MAX_WBITS
_MEMORY = 9
_LAST_BLOCK = b"\x03\x00"
"""An empty block with the bit that ends a stream."""

_ADLER = 65_521
"""The modulus of Adler-32, RFC 1950, section 9."""

_ZEROS = 2**22
"""In one block."""

_BAND = 2**18
"""Bytes of rows that are worked on at a time: all that is made of them stays in the cache."""

_PIECE = 2**20
"""Bytes in one chunk: readers distrust very large ones."""

_COLOUR_TYPES = {(): 0, (3,): 2, (4,): 6}
_NO_FILTER, _PAETH = 0, 4
"""Of PNG's filters (https://www.w3.org/TR/png-3/#9Filters): Paeth's leaves the least of drawings,
and of photographs; a mask is runs already."""


def encode(picture: Collage) -> bytes:
    """The picture as PNG, 8 bits a channel."""
    size = picture.image.width, picture.image.height
    header = struct.pack(">IIBBBBB", *size, 8, _COLOUR_TYPES[picture.channels], 0, 0, 0)
    file = io.BytesIO()
    file.write(_SIGNATURE)
    _write_chunk(file, b"IHDR", header)
    for part in _deflated(picture):
        for start in range(0, len(part), _PIECE):
            _write_chunk(file, b"IDAT", part[start : start + _PIECE])
    _write_chunk(file, b"IEND", b"")
    return file.getvalue()


def encode_array(pixels: Pixels) -> bytes:
    """Grey, RGB or RGBA pixels as PNG."""
    return encode(Collage.of(pixels))


def _write_chunk(file: io.BytesIO, kind: bytes, content: bytes) -> None:
    file.write(struct.pack(">I", len(content)) + kind)
    file.write(content)
    file.write(struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))))


def _deflated(picture: Collage) -> Iterator[bytes]:
    """The zlib stream, in parts, of all rows, each with its filter in front."""
    stride = 1 + picture.image.width * prod(picture.channels)
    window = picture.window
    above, below = window.y0 * stride, (picture.image.height - window.y1) * stride
    yield _ZLIB_HEADER
    yield from _zeros(above)
    check = _adler_of_zeros(1, above)
    compressor = zlib.compressobj(1, zlib.DEFLATED, _RAW, _MEMORY, zlib.Z_RLE)
    step = max(1, _BAND // stride)
    filtered = _filtered if picture.channels else _unfiltered
    for top in range(window.y0, window.y1, step):
        band = filtered(picture, Box(window.x0, top, window.x1, min(top + step, window.y1)))
        check = zlib.adler32(band, check)
        yield compressor.compress(band)
    yield compressor.flush(zlib.Z_FULL_FLUSH)
    yield from _zeros(below)
    yield _LAST_BLOCK
    yield struct.pack(">I", _adler_of_zeros(check, below))


def _unfiltered(picture: Collage, band: Box) -> npt.NDArray[np.uint8]:
    """Rows of a grey picture as the file has them, uint8 (n, 1 + width)."""
    rows = np.zeros((band.height, 1 + picture.image.width), np.uint8)
    rows[:, 0] = _NO_FILTER
    rows[:, 1 + band.x0 : 1 + band.x1] = picture.part(band)
    return rows


def _filtered(picture: Collage, band: Box) -> npt.NDArray[np.uint8]:
    """Rows of a picture in colour as the file has them, uint8 (n, 1 + width * channels).

    The pixel behind the band is told by its difference, too.
    """
    width, (channels,) = picture.image.width, picture.channels
    rows = np.zeros((band.height, 1 + width * channels), np.uint8)
    rows[:, 0] = _PAETH
    end = min(band.x1 + 1, width)
    part = slice(1 + band.x0 * channels, 1 + end * channels)
    rows[:, part] = _differences(picture, band)[:, : (end - band.x0) * channels]
    return rows


def _differences(picture: Collage, band: Box) -> npt.NDArray[np.uint8]:
    """What Paeth's filter leaves of a band, and of a zero behind each row.

    Uint8 (n, (width + 1) * channels). Of the pixels at the left, above and above left, the one that
    is nearest to left + above - above left is taken for the pixel's own; in a tie in that order.
    """
    (channels,) = picture.channels
    top = max(band.y0 - 1, picture.window.y0)  # above the window all is zero
    framed = np.zeros((band.height + 1, (band.width + 2) * channels), np.uint8)
    framed[top - band.y0 + 1 :, channels:-channels] = picture.part(
        Box(band.x0, top, band.x1, band.y1)
    ).reshape(band.y1 - top, -1)
    left, up = framed[1:, :-channels], framed[:-1, channels:]
    corner, own = framed[:-1, :-channels], framed[1:, channels:]
    by_left, by_up = cv2.absdiff(up, corner), cv2.absdiff(left, corner)
    by_corner = cv2.absdiff(by_left, by_up)
    same_side = cv2.compare(
        cv2.compare(left, corner, cv2.CMP_GE), cv2.compare(up, corner, cv2.CMP_GE), cv2.CMP_EQ
    )
    cv2.copyTo(cv2.add(by_left, by_up), same_side, by_corner)
    nearest = corner.copy()
    cv2.copyTo(up, cv2.compare(by_up, by_corner, cv2.CMP_LE), nearest)
    by_other = cv2.min(by_up, by_corner)
    cv2.copyTo(left, cv2.compare(by_left, by_other, cv2.CMP_LE), nearest)
    return np.asarray(own - nearest, np.uint8)


def _zeros(count: int) -> Iterator[bytes]:
    """Blocks of so many zeros; none refers to what lies before it."""
    for _ in range(count // _ZEROS):
        yield _block(_ZEROS)
    if count % _ZEROS:
        yield _block(count % _ZEROS)


@lru_cache(maxsize=16)
def _block(count: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    return compressor.compress(bytes(count)) + compressor.flush(zlib.Z_FULL_FLUSH)


def _adler_of_zeros(check: int, count: int) -> int:
    """Adler-32 after so many zeros more: its first half stays, its second grows by it each time."""
    low, high = check & 0xFFFF, check >> 16
    return ((high + count * low) % _ADLER) << 16 | low
