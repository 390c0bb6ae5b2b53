"""PNG encoder whose cost depends on the non-empty rows of a sparse image.

Masks and cutouts of one face are nearly all zero, and other encoders compress every zero. A deflate
stream can be concatenated from blocks that were compressed independently (RFC 1951), so the empty
rows above and below the content are copies of a cached block.

The other rows are filtered with vectorised operations and compressed by zlib-ng. OpenCV's and
Pillow's encoders take longer or produce larger files (docs/performance.md).
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

from shared.imaging.sparse_image import Pixels, SparseImage
from shared.schemas.box import Box

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
"""PNG specification, section 5.2."""

_ZLIB_HEADER = b"\x78\x01"
"""RFC 1950, section 2.2: deflate, a window of 32 KiB, fastest compression."""

_RAW = -zlib.MAX_WBITS
"""Negative window bits make zlib write deflate blocks without a header and checksum."""

_MEMORY_LEVEL = 9
"""zlib's memLevel, 1 to 9: the maximum, for speed at the cost of memory."""

_LAST_BLOCK = b"\x03\x00"
"""An empty deflate block with the bit that ends a stream (RFC 1951, section 3.2.3)."""

_ADLER_MODULUS = 65_521
"""The modulus of Adler-32, RFC 1950, section 9."""

_ZEROS_PER_BLOCK = 2**22
"""Number of zeros in a cached block. Larger blocks compress better and cost more when the cache is
empty. Chosen by hand."""

_BAND_BYTES = 2**18
"""Size of a band of rows that is filtered and compressed at a time: small enough that its
intermediate arrays stay in the processor's cache. Chosen by hand."""

_MAX_CHUNK_BYTES = 2**20
"""Maximum size of an IDAT chunk: some readers reject very large chunks. Chosen by hand."""

_COLOUR_TYPES = {(): 0, (3,): 2, (4,): 6}
"""PNG's colour types (https://www.w3.org/TR/png-3/#11IHDR) by the shape of a pixel."""

_NO_FILTER, _PAETH = 0, 4
"""PNG's filter types (https://www.w3.org/TR/png-3/#9Filters). The Paeth filter compresses drawings
and photographs best. Masks consist of runs, which need no filter."""


def encode(picture: SparseImage) -> bytes:
    """Encodes an image as PNG with 8 bits per channel."""
    size = picture.image.width, picture.image.height
    header = struct.pack(">IIBBBBB", *size, 8, _COLOUR_TYPES[picture.channels], 0, 0, 0)
    file = io.BytesIO()
    file.write(_SIGNATURE)
    _write_chunk(file, b"IHDR", header)
    for part in _deflated(picture):
        for start in range(0, len(part), _MAX_CHUNK_BYTES):
            _write_chunk(file, b"IDAT", part[start : start + _MAX_CHUNK_BYTES])
    _write_chunk(file, b"IEND", b"")
    return file.getvalue()


def encode_array(pixels: Pixels) -> bytes:
    """Encodes grey, RGB or RGBA pixels, uint8, as PNG."""
    return encode(SparseImage.of(pixels))


def _write_chunk(file: io.BytesIO, kind: bytes, content: bytes) -> None:
    file.write(struct.pack(">I", len(content)) + kind)
    file.write(content)
    file.write(struct.pack(">I", zlib.crc32(content, zlib.crc32(kind))))


def _deflated(picture: SparseImage) -> Iterator[bytes]:
    """Yields, in parts, the zlib stream of all rows; each row starts with its filter type."""
    stride = 1 + picture.image.width * prod(picture.channels)
    window = picture.window
    above, below = window.y0 * stride, (picture.image.height - window.y1) * stride
    yield _ZLIB_HEADER
    yield from _zeros(above)
    checksum = _adler_of_zeros(1, above)
    compressor = zlib.compressobj(1, zlib.DEFLATED, _RAW, _MEMORY_LEVEL, zlib.Z_RLE)
    step = max(1, _BAND_BYTES // stride)
    filtered = _filtered if picture.channels else _unfiltered
    for top in range(window.y0, window.y1, step):
        band = filtered(picture, Box(window.x0, top, window.x1, min(top + step, window.y1)))
        checksum = zlib.adler32(band, checksum)
        yield compressor.compress(band)
    yield compressor.flush(zlib.Z_FULL_FLUSH)
    yield from _zeros(below)
    yield _LAST_BLOCK
    yield struct.pack(">I", _adler_of_zeros(checksum, below))


def _unfiltered(picture: SparseImage, band: Box) -> npt.NDArray[np.uint8]:
    """Unfiltered rows of a grey image with their filter types, uint8 (n, 1 + width)."""
    rows = np.zeros((band.height, 1 + picture.image.width), np.uint8)
    rows[:, 0] = _NO_FILTER
    rows[:, 1 + band.x0 : 1 + band.x1] = picture.part(band)
    return rows


def _filtered(picture: SparseImage, band: Box) -> npt.NDArray[np.uint8]:
    """Filtered rows of a colour image with their filter types, uint8 (n, 1 + width * channels).

    The pixel to the right of the band is zero, but its filtered value is not, so it is included.
    """
    width, (channels,) = picture.image.width, picture.channels
    rows = np.zeros((band.height, 1 + width * channels), np.uint8)
    rows[:, 0] = _PAETH
    end = min(band.x1 + 1, width)
    part = slice(1 + band.x0 * channels, 1 + end * channels)
    rows[:, part] = _differences(picture, band)[:, : (end - band.x0) * channels]
    return rows


def _differences(picture: SparseImage, band: Box) -> npt.NDArray[np.uint8]:
    """Applies the Paeth filter to a band with a zero appended to each row.

    Uint8 (n, (width + 1) * channels). A byte is predicted by its left, upper or upper left
    neighbour: by the one nearest to left + up - corner, in a tie in that order. The result is the
    difference to the prediction.
    """
    (channels,) = picture.channels
    top = max(band.y0 - 1, picture.window.y0)  # rows above the window are zero
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
    """Yields deflate blocks of `count` zeros; none refers to data before it."""
    for _ in range(count // _ZEROS_PER_BLOCK):
        yield _block(_ZEROS_PER_BLOCK)
    if count % _ZEROS_PER_BLOCK:
        yield _block(count % _ZEROS_PER_BLOCK)


@lru_cache(maxsize=16)
def _block(count: int) -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, _RAW)
    return compressor.compress(bytes(count)) + compressor.flush(zlib.Z_FULL_FLUSH)


def _adler_of_zeros(checksum: int, count: int) -> int:
    """Adler-32 after `count` more zeros: each adds the low half to the high half."""
    low, high = checksum & 0xFFFF, checksum >> 16
    return ((high + count * low) % _ADLER_MODULUS) << 16 | low
