"""PNGs of pictures that are empty but for a part, at the cost of the part.

Masks and cutouts of one face are nearly all zero, and encoders go over every one of those zeros. A
deflate stream can be put together from blocks that were made apart (RFC 1951), so the empty rows
above and below are one block, made once and repeated.
"""

import struct
import zlib
from collections.abc import Iterator
from functools import lru_cache

import cv2
import numpy as np
import numpy.typing as npt

from shared.geometry import Box, Patch

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

_BAND = 2**22
"""Bytes of rows that are in memory at a time."""

_PIECE = 2**20
"""Bytes in one chunk: readers distrust very large ones."""

_COLOUR_TYPES = {1: 0, 3: 2, 4: 6}
_NO_FILTER, _PAETH = 0, 4
"""Of PNG's filters (https://www.w3.org/TR/png-3/#9Filters): Paeth's leaves the least of drawings,
and of photographs; a mask is runs already."""


def encode(patch: Patch) -> bytes:
    """The picture of the whole image as PNG, 8 bits a channel."""
    channels = patch.pixels.shape[2] if patch.pixels.ndim == 3 else 1
    size = patch.image.width, patch.image.height
    header = struct.pack(">IIBBBBB", *size, 8, _COLOUR_TYPES[channels], 0, 0, 0)
    stream = _deflated(patch, channels)
    pieces = (stream[start : start + _PIECE] for start in range(0, len(stream), _PIECE))
    data = (_chunk(b"IDAT", piece) for piece in pieces)
    return b"".join((_SIGNATURE, _chunk(b"IHDR", header), *data, _chunk(b"IEND")))


def _chunk(kind: bytes, content: bytes = b"") -> bytes:
    check = zlib.crc32(content, zlib.crc32(kind))
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def _deflated(patch: Patch, channels: int) -> bytes:
    """The zlib stream of all rows, each with its filter in front."""
    stride = 1 + patch.image.width * channels
    window = patch.window if patch.window.area else Box(0, 0, 0, 0)
    above, below = window.y0 * stride, (patch.image.height - window.y1) * stride
    parts = [_ZLIB_HEADER, *_zeros(above)]
    check = _adler_of_zeros(1, above)
    compressor = zlib.compressobj(1, zlib.DEFLATED, _RAW, _MEMORY, zlib.Z_RLE)
    step = max(1, _BAND // stride)
    for first in range(0, window.height, step):
        band = _rows(patch, first, min(first + step, window.height))
        check = zlib.adler32(band.data, check)
        parts.append(compressor.compress(band.data))
    parts += [compressor.flush(zlib.Z_FULL_FLUSH), *_zeros(below), _LAST_BLOCK]
    check = _adler_of_zeros(check, below)
    return b"".join((*parts, struct.pack(">I", check)))


def _rows(patch: Patch, first: int, last: int) -> npt.NDArray[np.uint8]:
    """These rows of the window as rows of the image, filtered, uint8 (n, 1 + bytes of a row)."""
    pixels, width = patch.pixels, patch.image.width
    left, right = patch.window.x0, patch.window.x1
    if pixels.ndim == 2:
        rows = np.zeros((last - first, 1 + width), np.uint8)
        rows[:, 0] = _NO_FILTER
        rows[:, 1 + left : 1 + right] = pixels[first:last]
        return rows
    channels = pixels.shape[2]
    rows = np.zeros((last - first, 1 + width * channels), np.uint8)
    rows[:, 0] = _PAETH
    end = min(right + 1, width)  # the pixel behind the window is told by its difference, too
    part = slice(1 + left * channels, 1 + end * channels)
    rows[:, part] = _differences(pixels, first, last)[:, : (end - left) * channels]
    return rows


def _differences(pixels: npt.NDArray[np.uint8], first: int, last: int) -> npt.NDArray[np.uint8]:
    """What Paeth's filter leaves of rows, and of a zero behind each: uint8 (n, (w + 1) channels).

    Of the pixels at the left, above and above left, the one that is nearest to left + above - above
    left is taken for the pixel's own; in a tie in that order.
    """
    height, width, channels = last - first, pixels.shape[1], pixels.shape[2]
    framed = np.zeros((height + 1, width + 2, channels), np.uint8)
    framed[1:, 1:-1] = pixels[first:last]
    if first:
        framed[0, 1:-1] = pixels[first - 1]
    flat = height, (width + 1) * channels
    left, up = framed[1:, :-1].reshape(flat), framed[:-1, 1:].reshape(flat)
    corner, own = framed[:-1, :-1].reshape(flat), framed[1:, 1:].reshape(flat)
    by_left, by_up = cv2.absdiff(up, corner), cv2.absdiff(left, corner)
    same_side = (left >= corner) == (up >= corner)
    by_corner = np.where(same_side, cv2.add(by_left, by_up), cv2.absdiff(by_left, by_up))
    nearest = np.where(by_up <= by_corner, up, corner)
    nearest = np.where((by_left <= by_up) & (by_left <= by_corner), left, nearest)
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
