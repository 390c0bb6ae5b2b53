"""Files that would take far more time or memory than images of their sizes do."""

import io
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence

from PIL import Image

from tools.hostile.pictures import encoded
from tools.hostile.png import png

_LONG = 4
TAGS = {
    "width": 256, "height": 257, "bits": 258, "compression": 259, "photometric": 262,
    "strip offsets": 273, "samples": 277, "rows per strip": 278, "strip bytes": 279, "planar": 284,
    "tile width": 322, "tile height": 323, "tile offsets": 324, "tile bytes": 325,
}  # fmt: skip
_DEFLATE, _JPEG = 8, 7


def tiff(data: bytes, tags: Mapping[str, int | Sequence[int]]) -> bytes:
    """A little-endian TIFF: data at offset 8, then its only directory; all tags are longs."""
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
    width: int, height: int, tile: tuple[int, int], *, bytes_told: int | None = None
) -> bytes:
    """A grey TIFF whose tiles are all one compressed block."""
    tile_width, tile_height = tile
    block = zlib.compress(bytes(tile_width * tile_height), 9)
    count = -(-width // tile_width) * -(-height // tile_height)
    told = len(block) if bytes_told is None else bytes_told
    places = {"tile offsets": [8] * count, "tile bytes": [told] * count}
    sizes = {"tile width": tile_width, "tile height": tile_height}
    return tiff(block, {**_grey(width, height), **sizes, **places})


def odd_tags(count: int) -> bytes:
    """A TIFF that can be decoded, with tags whose values lie beyond its end."""
    whole = bytearray(tiff(bytes(64), {**_grey(8, 8, 1), "strip offsets": 8, "strip bytes": 64}))
    start = 8 + 64
    (known,) = struct.unpack_from("<H", whole, start)
    entries = whole[start + 2 : start + 2 + 12 * known]
    odd = (struct.pack("<HHII", 40_000 + n, 3, 1_000_000, 0x7FFFFFFF) for n in range(count))
    directory = struct.pack("<H", known + count) + entries + b"".join(odd) + bytes(4)
    return bytes(whole[:start]) + directory


def _strips(width: int, height: int) -> bytes:
    """All strips, of 64 rows, are one compressed block."""
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
    """What is refused of a JPEG, inside of a TIFF."""
    jpeg = jpeg_of_scans(1024, 20_000)
    places = {"strip offsets": 8, "strip bytes": len(jpeg), "rows per strip": 1024}
    return tiff(jpeg, {**_grey(1024, 1024, _JPEG), **places})


def _png_of_chunks() -> bytes:
    whole = png(8, 8, bytes(72), extra=[(b"teXt", b"")])
    chunk = whole[33:45]
    return whole[:33] + chunk * 3_000_000 + whole[45:]


def _gif_of_comments() -> bytes:
    frame = b",\0\0\0\0\1\0\1\0\0\x02\x02D\x01\0;"
    return b"GIF89a\1\0\1\0\0\0\0" + b"!\xfe\x01a\0" * 1_000_000 + frame


def _gif_of_a_larger_frame() -> bytes:
    frame = b",\0\0\0\0" + struct.pack("<HH", 60_000, 60_000) + b"\0\x02\x02D\x01\0;"
    return b"GIF89a\1\0\1\0\0\0\0" + frame


def _webp(width: int, height: int, *, lossless: bool) -> bytes:
    """A small one that says of itself to be so large."""
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
    "tiff whose tiles say to have no bytes": lambda: tiles(50, 50, (9_984, 9_984), bytes_told=0),
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
"""By what they are made of; each is to be refused."""
