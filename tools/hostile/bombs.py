"""Decompression bombs: files that need far more time or memory than other images of their size."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence

from PIL import Image

from tools.hostile.pictures import encoded
from tools.hostile.png import png

_LONG = 4
"""The type of 32-bit values: TIFF 6.0, section 2."""

TAGS = {
    "width": 256, "height": 257, "bits": 258, "compression": 259, "photometric": 262,
    "strip offsets": 273, "samples": 277, "rows per strip": 278, "strip bytes": 279, "planar": 284,
    "tile width": 322, "tile height": 323, "tile offsets": 324, "tile bytes": 325,
}  # fmt: skip
"""Numbers of TIFF's tags: TIFF 6.0, sections 8 and 15."""

_DEFLATE, _JPEG = 8, 7
"""Numbers of compressions."""


def tiff(data: bytes, tags: Mapping[str, int | Sequence[int]]) -> bytes:
    """Returns a little-endian TIFF: data at offset 8, then a directory. All tags are longs."""
    directory = 8 + len(data)
    extra, entries = directory + 2 + 12 * len(tags) + 4, []
    tail = b""
    for name, value in sorted(tags.items(), key=lambda item: TAGS[item[0]]):
        values = [value] if isinstance(value, int) else list(value)
        packed = struct.pack(f"<{len(values)}I", *values)
        if len(values) > 1:
            packed, tail = struct.pack("<I", extra + len(tail)), tail + packed
        entries.append(struct.pack("<HHI", TAGS[name], _LONG, len(values)) + packed)
    head = b"II*\0" + struct.pack("<I", directory)
    return head + data + struct.pack("<H", len(tags)) + b"".join(entries) + bytes(4) + tail


def _grey(width: int, height: int, compression: int = _DEFLATE) -> dict[str, int | Sequence[int]]:
    return {
        "width": width, "height": height, "bits": 8, "compression": compression, "photometric": 1,
        "samples": 1, "planar": 1,
    }  # fmt: skip


def tiles(
    width: int, height: int, tile: tuple[int, int], *, tile_bytes: int | None = None
) -> bytes:
    """Returns a grey TIFF whose tiles share one compressed block."""
    tile_width, tile_height = tile
    block = zlib.compress(bytes(tile_width * tile_height), 9)
    count = -(-width // tile_width) * -(-height // tile_height)
    declared = len(block) if tile_bytes is None else tile_bytes
    places = {"tile offsets": [8] * count, "tile bytes": [declared] * count}
    sizes = {"tile width": tile_width, "tile height": tile_height}
    return tiff(block, {**_grey(width, height), **sizes, **places})


def odd_tags(count: int) -> bytes:
    """Returns a valid TIFF with additional tags whose values are after the file's end."""
    valid = bytearray(tiff(bytes(64), {**_grey(8, 8, 1), "strip offsets": 8, "strip bytes": 64}))
    start = 8 + 64
    (known,) = struct.unpack_from("<H", valid, start)
    entries = valid[start + 2 : start + 2 + 12 * known]
    odd = (struct.pack("<HHII", 40_000 + n, 3, 1_000_000, 0x7FFFFFFF) for n in range(count))
    directory = struct.pack("<H", known + count) + entries + b"".join(odd) + bytes(4)
    return bytes(valid[:start]) + directory


def _strips(width: int, height: int) -> bytes:
    """Returns a grey TIFF whose strips, of 64 rows, share one compressed block."""
    block = zlib.compress(bytes(width * 64), 9)
    count = -(-height // 64)
    places = {"strip offsets": [8] * count, "strip bytes": [len(block)] * count}
    return tiff(block, {**_grey(width, height), "rows per strip": 64, **places})


def jpeg_of_scans(side: int, scans: int) -> bytes:
    jpeg = encoded(Image.new("L", (side, side), 90), "JPEG", progressive=True)
    first = jpeg.index(b"\xff\xda")
    scan = jpeg[first : jpeg.index(b"\xff\xda", first + 2)]
    return jpeg[:first] + scan * scans + b"\xff\xd9"


def _tiff_of_scans() -> bytes:
    """Returns a TIFF that contains a JPEG with too many scans."""
    jpeg = jpeg_of_scans(1024, 20_000)
    places = {"strip offsets": 8, "strip bytes": len(jpeg), "rows per strip": 1024}
    return tiff(jpeg, {**_grey(1024, 1024, _JPEG), **places})


def _png_of_chunks() -> bytes:
    valid = png(8, 8, bytes(72), extra=[(b"teXt", b"")])
    chunk = valid[33:45]
    return valid[:33] + chunk * 3_000_000 + valid[45:]


def _gif_of_comments() -> bytes:
    frame = b",\0\0\0\0\1\0\1\0\0\x02\x02D\x01\0;"
    return b"GIF89a\1\0\1\0\0\0\0" + b"!\xfe\x01a\0" * 1_000_000 + frame


def _gif_of_a_larger_frame() -> bytes:
    frame = b",\0\0\0\0" + struct.pack("<HH", 60_000, 60_000) + b"\0\x02\x02D\x01\0;"
    return b"GIF89a\1\0\1\0\0\0\0" + frame


def _webp(width: int, height: int, *, lossless: bool) -> bytes:
    """Returns a small WebP that declares this size."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "WEBP", lossless=lossless)
    webp = bytearray(file.getvalue())
    if lossless:
        webp[21:25] = struct.pack("<I", (width - 1) | (height - 1) << 14)
    else:
        webp[26:30] = struct.pack("<HH", width, height)
    return bytes(webp)


BOMBS: dict[str, Callable[[], bytes]] = {
    "tiff of tiles that lie outside": lambda: tiles(1600, 16, (16, 16_384)),
    "tiff of thin tiles": lambda: tiles(16, 1600, (65_536, 16)),
    "tiff of one huge tile": lambda: tiles(100, 100, (16_384, 16_384)),
    "tiff whose tiles are the same bytes": lambda: tiles(6000, 6000, (128, 128)),
    "tiff whose tiles say to have no bytes": lambda: tiles(50, 50, (9_984, 9_984), tile_bytes=0),
    "tiff whose strips are the same bytes": lambda: _strips(6000, 6000),
    "tiff of 20,000 scans": _tiff_of_scans,
    "jpeg of 20,000 scans": lambda: jpeg_of_scans(64, 20_000),
    "jpeg of 1,000,000 markers": lambda: b"\xff\xd8" + b"\xff\xe0\0\x02" * 1_000_000,
    "png of 3,000,000 chunks": _png_of_chunks,
    "gif of 1,000,000 comments": _gif_of_comments,
    "gif of a larger frame": _gif_of_a_larger_frame,
    "webp of a large canvas": lambda: _webp(16_383, 16_383, lossless=False),
    "lossless webp of a large canvas": lambda: _webp(16_383, 16_383, lossless=True),
}
"""The bombs by name. Each must be rejected."""
