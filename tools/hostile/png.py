"""Builds PNGs that no encoder writes."""

import struct
import zlib
from collections.abc import Sequence


def png(  # noqa: PLR0913 - a file format's fields
    width: int,
    height: int,
    lines: bytes,
    *,
    bits: int = 8,
    interlaced: bool = False,
    packed: bytes | None = None,
    extra: Sequence[tuple[bytes, bytes]] = (),
) -> bytes:
    """Returns a grey PNG of these filtered lines. `packed` replaces the compressed lines."""
    header = struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, interlaced)
    content = zlib.compress(lines) if packed is None else packed
    chunks = [(b"IHDR", header), *extra, (b"IDAT", content), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
