import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.schemas import file_names, object_names

LONGEST_NAME = 1024
CUT = "~0123456789abcdef"

ORDINARY = st.text(
    st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"], exclude_characters="/\\:~"),
    min_size=1,
    max_size=250,
).filter(lambda part: part.strip(" ") not in ("", ".", ".."))
PARTS = st.sampled_from((
    "a", "B.png", "", ".", "..", ".. ", "...", "C:", "c:x", "\\", "\0", "\u202e", "\ud800",
    "é" * 300, ".toonmask", "face-1", "hand-99", "face-1000", "_", CUT, f"_{CUT}",
))  # fmt: skip
HOSTILE = st.one_of(
    st.text(st.characters(exclude_categories=[]), max_size=LONGEST_NAME),
    st.lists(PARTS, min_size=1, max_size=8).map("/".join),
    st.lists(PARTS, min_size=1, max_size=8).map("".join),
)


@given(ORDINARY)
def test_results_lie_under_the_uploads_name(name: str) -> None:
    assert object_names.folder(name) == f"{name}/"
    assert object_names.folder(f"album/{name}") == f"album/{name}/"


@given(HOSTILE)
def test_no_folder_leads_anywhere_else_or_is_too_long(name: str) -> None:
    folder = object_names.folder(name)
    assert folder.endswith("/")
    assert file_names.fault(folder.removesuffix("/")) is None
    assert not folder.startswith(object_names.RESERVED)
    assert len(f"{folder}face-100/cutout.png".encode()) <= LONGEST_NAME
    ordinary = len(name.encode(errors="replace")) <= 900 and object_names.refusal(name) is None
    assert folder == f"{name}/" or not ordinary or CUT in name


@given(st.lists(HOSTILE, unique=True, max_size=20))
def test_no_two_uploads_share_a_folder(hostile: list[str]) -> None:
    """Not even one that is called like the folder of another."""
    folders = [object_names.folder(name) for name in hostile]
    copies = {folder.removesuffix("/") for folder in folders} - set(hostile)
    assert len({*folders, *map(object_names.folder, copies)}) == len(hostile) + len(copies)


@pytest.mark.parametrize("name", [f"cat{CUT}", f"a/{CUT}", "a" * 1001, "../up.png", "a/face-1"])
def test_a_name_that_cannot_be_a_folder_ends_in_a_digest_of_it(name: str) -> None:
    digest = hashlib.sha256(name.encode()).hexdigest()[:16]
    head, _, tail = object_names.folder(name).rpartition("~")
    assert tail == f"{digest}/"
    assert head == file_names.without_faults(name)[: len(head)]


@pytest.mark.parametrize("character", ["a", "é", "漢", "😀"])
def test_a_long_name_keeps_its_beginning(character: str) -> None:
    count = LONGEST_NAME // len(character.encode())
    folders = {
        object_names.folder(character * count),
        object_names.folder(character * (count - 1) + "b"),
    }
    assert len(folders) == 2
    for folder in folders:
        assert len(f"{folder}face-100/cutout.png".encode()) <= LONGEST_NAME
        assert folder.startswith(character * 200)


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("cat.png/face-1", True),
        ("album/cat.png/hand-20", True),
        ("face-1", False),
        ("cat.png/face-1.png", False),
        ("cat.png/face-0", False),
        ("cat.png/face-01", False),
        ("cat.png/face-1000", False),
        ("cat.png/face-1/b", False),
        ("cat.png/mask.png", False),
        (".toonmask", True),
        (".toonmask/foreign/cat.png", True),
        (".toonmasks", False),
        ("album/.toonmask/cat.png", False),
    ],
)
def test_names_of_single_instances_and_of_our_own_are_taken(name: str, taken: bool) -> None:
    assert bool(object_names.refusal(name)) is taken
    assert (object_names.folder(name) == f"{name}/") is not taken


def test_pictures_are_known_by_their_names() -> None:
    for name in ("mask.png", "overlay.png", "face-1/mask.png", "hand-12/cutout.png", "preview.jpg"):
        assert object_names.is_picture(name)
    others = (
        "prompts.json", "result.json", "dog.png/mask.png", "face-1/overlay.png", "x.png",
        "face-1~0123456789abcdef/mask.png", f"face-{'1' * 2000}/mask.png",
    )  # fmt: skip
    for name in others:
        assert not object_names.is_picture(name)


DOCUMENTS = st.sampled_from([object_names.RESULT, object_names.PROMPTS])
PICTURES = st.from_regex(object_names.PICTURE, fullmatch=True)
FRAMES = st.integers(1, 1000).map(lambda number: f"frame-{number:04}/")
OWN = st.one_of(
    DOCUMENTS,
    PICTURES,
    st.builds(str.__add__, FRAMES, st.one_of(DOCUMENTS, PICTURES, st.just(object_names.ORIGINAL))),
)


def test_an_uploads_own_objects_are_documents_pictures_and_those_of_frames() -> None:
    for own in ("result.json", "prompts.json", "hand-999/cutout.png", "frame-0002/original.png"):
        assert object_names.is_own(own)
    for other in (
        "dog.png/mask.png", "face-1/dog.png/mask.png", "face-0/mask.png", "x.json", "",
        "frame-1/mask.png", "frame-0001/dog.png/mask.png", "frame-0001/frame-0002/mask.png",
    ):  # fmt: skip
        assert not object_names.is_own(other)


@given(own=OWN, other=st.one_of(OWN.map(lambda name: f"{name[:-3]}-"), st.text(max_size=30)))
def test_no_own_object_is_skipped(own: str, other: str) -> None:
    """`next_own` never leads behind an own object that is still to come."""
    if own > other and not object_names.is_own(other):
        following = object_names.next_own(other)
        assert following is not None
        assert other < following <= own
