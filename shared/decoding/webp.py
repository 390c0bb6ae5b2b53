"""Reads the size of a WebP before its decoder allocates memory for it."""

_SIMPLE, _LOSSLESS, _EXTENDED = b"VP8 ", b"VP8L", b"VP8X"
_SIGNATURE = 0x2F
"""First byte of a lossless bitstream."""


def canvas(data: bytes) -> tuple[int, int]:
    """Returns the width and height that a WebP's first chunk declares; (0, 0) for other files.

    Container: https://developers.google.com/speed/webp/docs/riff_container. Lossy: RFC 6386, 9.1.
    Lossless: https://developers.google.com/speed/webp/docs/webp_lossless_bitstream_specification.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return 0, 0
    kind, body = data[12:16], data[20:30]
    if kind == _EXTENDED:
        return 1 + _number(body[4:7]), 1 + _number(body[7:10])
    if kind == _LOSSLESS and body[:1] == bytes([_SIGNATURE]):
        sizes = _number(body[1:5])
        return 1 + sizes % 2**14, 1 + (sizes >> 14) % 2**14
    if kind == _SIMPLE:
        return _number(body[6:8]) % 2**14, _number(body[8:10]) % 2**14
    return 0, 0


def _number(little_endian: bytes) -> int:
    return int.from_bytes(little_endian, "little")
