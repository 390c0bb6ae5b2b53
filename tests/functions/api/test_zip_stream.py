"""Archives that are written while they are sent."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.api.zip_stream import ZipEntry, zip_chunks

MIB = 2**20


def _read(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


@given(st.lists(st.tuples(st.sampled_from(["json", "png"]), st.lists(st.binary(max_size=100)))))
def test_an_archive_has_every_file_unchanged(files: list[tuple[str, list[bytes]]]) -> None:
    expected = {f"ä/{number}.{kind}": parts for number, (kind, parts) in enumerate(files)}
    archive = b"".join(zip_chunks(ZipEntry(path, parts) for path, parts in expected.items()))
    assert _read(archive) == {path: b"".join(parts) for path, parts in expected.items()}


def test_text_is_compressed_and_every_file_can_be_read_from_a_stream() -> None:
    """A reader of a stream needs the method `deflate` to find the end of a file."""
    content = b"abc" * 10_000
    archive = b"".join(zip_chunks([ZipEntry("a.json", [content]), ZipEntry("a.png", [content])]))
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        text, picture = file.infolist()
    assert text.compress_size < 1000 < len(content) <= picture.compress_size
    assert {text.compress_type, picture.compress_type} == {zipfile.ZIP_DEFLATED}


def test_a_large_archive_needs_little_memory_and_starts_at_once() -> None:
    taken: list[int] = []

    def content() -> Iterator[bytes]:
        for number in range(100):
            taken.append(number)
            yield bytes(MIB)

    chunks = zip_chunks([ZipEntry("a.png", content())])
    next(chunks)
    assert taken == [0]
    tracemalloc.start()
    assert sum(map(len, chunks)) > 98 * MIB
    assert tracemalloc.get_traced_memory()[1] < 8 * MIB
    tracemalloc.stop()


def test_an_archive_with_an_error_is_never_complete() -> None:
    def content() -> Iterator[bytes]:
        yield bytes(MIB)
        raise OSError("broken")

    received: list[bytes] = []
    chunks = zip_chunks([ZipEntry("a.png", [b"first"]), ZipEntry("b.png", content())])
    with pytest.raises(OSError, match="broken"):
        received.extend(chunks)
    assert received
    with pytest.raises(zipfile.BadZipFile):
        _read(b"".join(received))


def test_an_archive_that_nobody_reads_to_its_end_is_closed() -> None:
    closed: list[str] = []

    def content() -> Iterator[bytes]:
        try:
            while True:
                yield bytes(MIB)
        finally:
            closed.append("a.png")

    chunks = zip_chunks([ZipEntry("a.png", content())])
    next(chunks)
    del chunks
    assert closed == ["a.png"]
