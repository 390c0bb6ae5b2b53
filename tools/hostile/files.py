"""Files that must be rejected: files that are not images, broken images, and bombs."""

import gzip
import io
import struct
import zipfile
from dataclasses import dataclass

import numpy as np
from PIL import Image
from zlib_ng import zlib_ng as zlib

from shared.schemas.errors import ReasonCode
from tools.hostile.bombs import BOMBS
from tools.hostile.pictures import DATA, encoded
from tools.hostile.png import png

UNSUPPORTED = ReasonCode.UNSUPPORTED_TYPE
CORRUPT = ReasonCode.CORRUPT_IMAGE
PIXELS = ReasonCode.TOO_MANY_PIXELS
BYTES = ReasonCode.TOO_MANY_BYTES

_PICTURE = Image.fromarray(np.random.default_rng(8).integers(0, 256, (64, 64, 3), np.uint8))
_SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'


@dataclass(frozen=True)
class File:
    """The content and the declared type of an upload, and the possible reasons of its rejection."""

    content: bytes
    reasons: tuple[ReasonCode, ...]
    content_type: str = "image/png"
    content_encoding: str | None = None


def files() -> dict[str, File]:
    """Returns all files by name."""
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("cat.png", encoded(_PICTURE, "PNG"))
    other_files = {
        "hello.png": b"hello",
        "page.png": b"<!doctype html><html><script>alert(1)</script></html>",
        "drawing.png": _SVG,
        "paper.png": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF",
        "archive.png": zipped.getvalue(),
        "program.png": b"\x7fELF" + bytes(200),
        "document.png": b'{"a": 1}',
        "random.png": np.random.default_rng(9).bytes(1000),
        "random megabyte.jpg": np.random.default_rng(9).bytes(2**20),
        "postscript.png": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        "jpeg2000.png": encoded(_PICTURE, "JPEG2000"),
        "icon.png": encoded(_PICTURE, "ICO"),
        "targa.png": encoded(_PICTURE, "TGA"),
        "pcx.png": encoded(_PICTURE, "PCX"),
        "ppm.png": encoded(_PICTURE, "PPM"),
        "iphone.png": (DATA / "tiny.heic").read_bytes(),
        "signature alone.png": b"\x89PNG\r\n\x1a\n",
        "start of image alone.jpg": b"\xff\xd8\xff",
        "riff alone.webp": b"RIFF\0\0\0\0WEBP",
    }
    return {
        **{name: File(content, (UNSUPPORTED, CORRUPT)) for name, content in other_files.items()},
        "empty.png": File(b"", (ReasonCode.EMPTY_FILE,)),
        "a folder/": File(b"", (ReasonCode.UNSUPPORTED_NAME,), "application/x-directory"),
        "notes.txt": File(b"hello", (UNSUPPORTED,), "text/plain"),
        "drawing.svg": File(_SVG, (UNSUPPORTED,), "image/svg+xml"),
        "photo.heic": File((DATA / "tiny.heic").read_bytes(), (UNSUPPORTED,), "image/heic"),
        "no type.bin": File(b"hello", (UNSUPPORTED,), "application/octet-stream"),
        "odd type.png": File(b"hello", (UNSUPPORTED,), "image/png2; charset=x"),
        **_broken(),
        **_bombs(),
    }


def _broken() -> dict[str, File]:
    valid = {
        "png": encoded(_PICTURE, "PNG"),
        "jpeg": encoded(_PICTURE, "JPEG"),
        "webp": encoded(_PICTURE, "WEBP", lossless=True),
        "gif": encoded(_PICTURE, "GIF"),
        "bmp": encoded(_PICTURE, "BMP"),
        "tiff": encoded(_PICTURE, "TIFF", compression="tiff_lzw"),
        "avif": encoded(_PICTURE, "AVIF"),
    }
    broken = {f"half a {kind}": content[: len(content) // 2] for kind, content in valid.items()}
    png_content = bytearray(valid["png"])
    png_content[60] ^= 0xFF
    broken |= {
        "png with a flipped bit": bytes(png_content),
        "png without width": png(0, 8, b""),
        "png of three bits": png(8, 8, bytes(100), bits=3),
        "png of no pixels": png(8, 8, b""),
        "png of garbage pixels": png(8, 8, b"", packed=b"garbage"),
        "jpeg without height": _jpeg_with_height(valid["jpeg"], 0),
        "gif without frames": b"GIF89a\x08\0\x08\0\0\0\0;",
        "tiff in circles": b"II*\0\x08\0\0\0" + b"\0\0" + b"\x08\0\0\0",
        "tiff of a million tags": b"II*\0\x08\0\0\0\xff\xff" + bytes(range(12)) * 80_000,
    }
    return {name: File(content, (CORRUPT, UNSUPPORTED)) for name, content in broken.items()}


def _bombs() -> dict[str, File]:
    zeros = zlib.compressobj()
    line = bytes(1 + 50_000 // 8)
    packed = b"".join(zeros.compress(line * 500) for _ in range(100)) + zeros.flush()
    jpeg = encoded(_PICTURE, "JPEG", progressive=True)
    scan = jpeg[jpeg.index(b"\xff\xda") : jpeg.index(b"\xff\xda", jpeg.index(b"\xff\xda") + 2)]
    inner = gzip.compress(bytes(2**27))
    return {
        "50000x50000.png": File(png(50_000, 50_000, b"", bits=1, packed=packed), (PIXELS,)),
        "60000x60000 of nothing.png": File(png(60_000, 60_000, b""), (PIXELS, CORRUPT)),
        "2147483647 wide.png": File(png(2**31 - 1, 2**31 - 1, b""), (PIXELS, CORRUPT)),
        "65535x65535.gif": File(b"GIF89a" + b"\xff" * 4 + b"\0\0\0" + _GIF_FRAME, (PIXELS,)),
        "65500x65500.jpg": File(_jpeg_with_height(jpeg, 65_500, 65_500), (PIXELS,)),
        "huge.bmp": File(_bmp(2**30, 2**30), (PIXELS, CORRUPT, UNSUPPORTED)),
        "huge.tif": File(_tiff(2**31 - 1, 2**31 - 1), (PIXELS, CORRUPT, UNSUPPORTED)),
        "huge.webp": File(_webp(16_383, 16_383), (PIXELS, CORRUPT, UNSUPPORTED)),
        "100000 scans.jpg": File(
            jpeg[: jpeg.index(b"\xff\xda")] + scan * 100_000 + b"\xff\xd9", (CORRUPT,)
        ),
        "text bomb.png": File(
            png(8, 8, bytes(72), extra=[(b"zTXt", b"a\0\0" + zlib.compress(bytes(2**26)))]),
            (CORRUPT, UNSUPPORTED),
        ),
        **{
            f"{name}.tif": File(BOMBS[name](), (PIXELS, CORRUPT))
            for name in ("tiff of tiles that lie outside", "tiff whose tiles are the same bytes")
        },
        "gzip bomb.png": File(inner, (BYTES,), content_encoding="gzip"),
        "gzip in gzip.png": File(gzip.compress(inner), (UNSUPPORTED,), content_encoding="gzip"),
        "no gzip.png": File(b"no gzip", (CORRUPT,), content_encoding="gzip"),
    }


_GIF_FRAME = b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02D\x01\0;"


def _jpeg_with_height(jpeg: bytes, height: int, width: int = 64) -> bytes:
    start = next(jpeg.index(mark) for mark in (b"\xff\xc0", b"\xff\xc2") if mark in jpeg) + 5
    return jpeg[:start] + struct.pack(">HH", height, width) + jpeg[start + 4 :]


def _bmp(width: int, height: int) -> bytes:
    return b"BM" + struct.pack("<IHHI", 200, 0, 0, 54) + struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0
    )  # fmt: skip


def _tiff(width: int, height: int) -> bytes:
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: 9}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)


def _webp(width: int, height: int) -> bytes:
    size = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
