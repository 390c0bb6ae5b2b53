"""Decompresses uploads that are stored gzipped (`gsutil cp -Z`), within a limit."""

import zlib
from collections.abc import Iterable, Iterator

from shared.schemas.errors import ReasonCode, Rejected


def gunzip(packed: Iterable[bytes], max_bytes: int, size: int) -> Iterator[bytes]:
    """Yields the decompressed content, in chunks of at most `size` bytes.

    Raises:
        Rejected: the gzip data is corrupt, or has more than `max_bytes` once decompressed.
    """
    decompressor = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: a gzip header
    remaining = max_bytes
    for chunk in packed:
        pending, is_full = chunk, True
        while (pending or is_full) and not decompressor.eof:
            limit = min(size, remaining + 1)
            try:
                data = decompressor.decompress(pending, limit)
            except zlib.error as error:
                raise Rejected(
                    ReasonCode.CORRUPT_IMAGE,
                    f"The file was uploaded gzipped and is broken ({error}).",
                ) from error
            pending, is_full = decompressor.unconsumed_tail, len(data) == limit
            remaining -= len(data)
            if remaining < 0:
                raise Rejected(
                    ReasonCode.TOO_MANY_BYTES,
                    f"Unpacked, the file has more than {max_bytes:,} bytes (MAX_BYTES).",
                )
            yield data
