import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import layout

LONGEST_NAME = 1024
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=LONGEST_NAME).filter(
    lambda name: len(name.encode()) <= 983
)


@given(NAMES)
def test_results_lie_under_the_uploads_name(name: str) -> None:
    assert layout.folder(name) == f"{name}/"


@pytest.mark.parametrize("character", ["a", "é", "漢", "😀"])
def test_no_results_name_is_longer_than_cloud_storage_takes(character: str) -> None:
    count = LONGEST_NAME // len(character.encode())
    folders = {layout.folder(character * count), layout.folder(character * (count - 1) + "b")}
    assert len(folders) == 2
    for folder in folders:
        assert len(f"{folder}face-100/cutout.png".encode()) <= LONGEST_NAME
        assert folder.startswith(character * 200)


def test_a_name_that_looks_like_a_shortened_one_shares_no_folder_with_it() -> None:
    folder = layout.folder("a" * LONGEST_NAME)
    forged = folder.removesuffix("/")
    assert len(forged) <= 1000
    assert layout.folder(forged) != folder


@pytest.mark.parametrize(
    ("name", "taken"),
    [
        ("cat.png/face-1", True),
        ("album/cat.png/hand-20", True),
        ("a\tb/face-1", True),
        ("face-1", False),
        ("cat.png/face-1.png", False),
        ("cat.png/face-0", False),
        ("cat.png/face-01", False),
        ("cat.png/face-1/", False),
        ("cat.png/mask.png", False),
        (".toonmask/foreign/cat.png", True),
        ("album/.toonmask/cat.png", False),
    ],
)
def test_only_names_of_single_instances_and_of_our_own_are_taken(name: str, taken: bool) -> None:
    assert layout.is_taken(name) is taken


def test_pictures_are_known_by_their_names() -> None:
    for name in ("mask.png", "overlay.png", "face-1/mask.png", "hand-12/cutout.png"):
        assert layout.is_picture("cat.png", name)
        assert not layout.is_picture("cat.png/face-1", name)
    for name in ("prompts.json", "result.json", "dog.png/mask.png", "face-1/overlay.png", "x.png"):
        assert not layout.is_picture("cat.png", name)
