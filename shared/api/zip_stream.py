"""Writes ZIP archives while they are sent, with one chunk of content in memory."""

import io
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

MEDIA_TYPE = "application/zip"

_LEAST_CHUNK = 2**16
"""Bytes that are collected before they are sent. Chosen by hand: more need more memory, fewer make
a chunk of HTTP of each of the archive's headers."""

_TEXT_LEVEL = 6
"""zlib's own default."""

_TEXTS = (".json", ".txt", ".svg", ".yaml")
"""The extensions of files that compression makes smaller. Others are images."""

_PERMISSIONS = 0o644 << 16
"""The files of an archive can be read by everyone who can read their folder, in the upper bits of
ZIP's external attributes."""


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A file: its path in the archive, with slashes, and its content in chunks.

    Paths must be safe and unique (shared/export/places.py); this module does not change them.
    """

    path: str
    content: Iterable[bytes]


def zip_chunks(entries: Iterable[ZipEntry]) -> Iterator[bytes]:
    """Yields an archive in chunks. An entry is taken from `entries` when the one before is read.

    An error of `entries` or of a content ends the archive before its directory, so that no program
    takes it for complete. All files have the date 1980-01-01, the first of the format: the same
    content gives the same bytes. A file has at most 2 GiB.

    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT: sizes follow the content, because
    they are not known before.
    """
    sink = _Sink()
    archive = ZipFile(sink, "w", ZIP_DEFLATED)
    for entry in entries:
        # images are deflated at level 0: readers of streams find no end of stored files
        is_text = entry.path.endswith(_TEXTS)
        archive.compresslevel = _TEXT_LEVEL if is_text else zlib.Z_NO_COMPRESSION
        with archive.open(entry.path, "w") as file:
            for chunk in entry.content:
                file.write(chunk)
                if sink.size >= _LEAST_CHUNK:
                    yield sink.take()
        archive.getinfo(entry.path).external_attr = _PERMISSIONS
    archive.close()
    yield sink.take()


class _Sink(io.RawIOBase):
    """A file that cannot be sought. It keeps what is written until it is taken."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self.size = 0

    def write(self, data: Any) -> int:
        """Keeps the data; returns its number of bytes."""
        self._parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def take(self) -> bytes:
        """Returns what was written since the last call."""
        data = b"".join(self._parts)
        self._parts.clear()
        self.size = 0
        return data
