"""Checks the structure of a JPEG before it is decoded."""

import re
from collections.abc import Iterator

from shared.schemas.errors import ReasonCode, Rejected

_START_OF_IMAGE = b"\xff\xd8"
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
"""Second bytes of markers: https://www.w3.org/Graphics/JPEG/itu-t81.pdf, table B.1."""

_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")
_MOST_SCANS = 100
"""Limit for the scans of a JPEG. Encoders write about ten. Chosen by hand: a higher limit lets a
small file occupy the decoder for longer."""


def check_scans(data: bytes) -> None:
    """Checks the number of scans in a JPEG. The decoder passes over the whole image for each scan.

    Raises:
        Rejected: the JPEG has more than `_MOST_SCANS` scans.
    """
    scans = 0
    for marker in _markers(data):
        scans += marker == _START_OF_SCAN
        if scans > _MOST_SCANS:
            raise Rejected(
                ReasonCode.CORRUPT_IMAGE,
                f"The JPEG has more than {_MOST_SCANS} scans, which is the limit.",
            )


def _markers(data: bytes) -> Iterator[int]:
    """Yields the second byte of each marker of a JPEG, up to its end; nothing for other files.

    In the compressed data, 0xff is followed by 0 or a restart marker. All other markers are
    followed by the length of their segment (https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.1.1).
    Data after the end of the image is ignored: phones append videos there.
    """
    found = _MARKER.search(data) if data.startswith(_START_OF_IMAGE) else None
    while found and found[0][1] != _END_OF_IMAGE:
        yield found[0][1]
        length = int.from_bytes(data[found.end() : found.end() + 2], "big")
        found = _MARKER.search(data, found.end() + length)
