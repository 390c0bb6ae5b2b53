"""How much work a JPEG makes, by its structure."""

import re
from collections.abc import Iterator

from shared.schemas.errors import ReasonCode, Rejected

_START_OF_IMAGE = b"\xff\xd8"
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")
_MOST_SCANS = 100
"""Encoders write about ten."""


def check_scans(data: bytes) -> None:
    """Refuses a JPEG that would be decoded for hours: each scan costs a pass over all of it.

    Raises:
        Rejected: it has too many.
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
    """The second bytes of a JPEG's markers, up to its end; nothing of any other file.

    https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.1.1: in the compressed data 0xff is followed by
    0 or a restart marker, all other markers by the length of their segment. What comes behind the
    end (phones append videos there) is not looked at.
    """
    found = _MARKER.search(data) if data.startswith(_START_OF_IMAGE) else None
    while found and found[0][1] != _END_OF_IMAGE:
        yield found[0][1]
        length = int.from_bytes(data[found.end() : found.end() + 2], "big")
        found = _MARKER.search(data, found.end() + length)
