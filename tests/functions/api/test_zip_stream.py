"""Archives that are written while they are sent."""

import io
import tracemalloc
import zipfile
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.api.archive_paths import ArchivePaths
from shared.api.zip_stream import ZipEntry, zip_chunks

MIB = 2**20


def _read(archive: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        assert file.testzip() is None
        return {name: file.read(name) for name in file.namelist()}


@given(st.lists(st.tuples(st.booleans(), st.lists(st.binary(max_size=100)))))
def test_an_archive_has_every_file_unchanged(files: list[tuple[bool, list[bytes]]]) -> None:
    entries = (
        ZipEntry(f"ä/{number}.bin", parts, is_text) for number, (is_text, parts) in enumerate(files)
    )
    archive = b"".join(zip_chunks(entries))
    expected = {f"ä/{number}.bin": b"".join(parts) for number, (_, parts) in enumerate(files)}
    assert _read(archive) == expected


def test_text_is_compressed_and_every_file_can_be_read_from_a_stream() -> None:
    """A reader of a stream needs the method `deflate` to find the end of a file."""
    content = b"abc" * 10_000
    archive = b"".join(
        zip_chunks([ZipEntry("a.json", [content], is_text=True), ZipEntry("a.png", [content])])
    )
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


@pytest.mark.parametrize(
    ("names", "folders"),
    [
        (["a.png", "b/a.png"], ["a.png", "b/a.png"]),
        (["a.png", "A.PNG", "a.png"], ["a.png", "A (2).PNG", "a (3).png"]),
        (["é", "e\u0301"], ["é", "e\u0301 (2)"]),
        (["a:b", "a?b"], ["a_b", "a_b (2)"]),
        (["a", "a/mask.png"], ["a", "a/mask (2).png"]),
        (["a/mask.png", "a"], ["a/mask.png", "a (2)"]),
        (["outcomes.json"], ["outcomes (2).json"]),
        (["../a.png", "/a.png"], ["__/a.png", "_/a.png"]),
        (["x" * 1000, "x" * 999], ["x" * 240, "x" * 240 + " (2)"]),
    ],
)
def test_no_file_of_an_archive_is_in_the_place_of_another(
    names: list[str], folders: list[str]
) -> None:
    paths = ArchivePaths(["outcomes.json"])
    files = ["result.json", "mask.png", "face-1/mask.png"]
    assert [paths.folder(name, files) for name in names] == folders
