"""No two uploads share a file of the dataset, on any file system."""

import re
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.export.places import Subset, place_of, places, subset_of, subsets
from shared.schemas import file_names

_pieces = [*"aAßäÄ/.~ _:\u202e\x00\ud800İ", "\\", ".png", ".JPG", "images/", "con", "cat.png/"]
names = st.lists(
    st.lists(st.sampled_from(_pieces), min_size=1, max_size=6).map("".join),
    min_size=1,
    max_size=6,
    unique=True,
)


def _files(upload_places: list[str]) -> list[str]:
    return [
        place.file(Subset.TRAIN, kind, ending)
        for place in places(upload_places)
        for kind, ending in (
            ("images", None),
            ("images", ".json"),
            ("labels", ".txt"),
            ("cutouts", "--face-1.png"),
        )
    ]


@given(names)
def test_no_two_uploads_share_a_file_and_no_file_is_a_folder(uploads: list[str]) -> None:
    files = list(map(file_names.collision_key, _files(uploads)))
    assert len(set(files)) == len(files)
    folders = {str(parent) for file in files for parent in PurePosixPath(file).parents}
    assert not folders & set(files)


@given(names)
def test_every_path_is_safe(uploads: list[str]) -> None:
    for file in _files(uploads):
        assert file_names.fault(file) is None
        assert file_names.portable(file) == file
        assert file.encode().decode() == file


def test_plain_names_stay_as_they_are() -> None:
    uploads = ["album/cat.png", "IMG_1.JPG", "b c.webp", "ä.tiff"]
    assert [place.name() for place in places(uploads)] == uploads


@pytest.mark.parametrize(
    ("upload", "path"),
    [
        ("cat", "cat.png"),
        ("cat.jfif", "cat.jfif.png"),
        (".hidden/.cat.png", "_hidden/_cat.png"),
        ("cat.png/dog.png", "cat.png_/dog.png"),
        ("album/images/cat.png", "album/images_/cat.png"),
        ("a:b*?.png", "a_b__.png"),
        ("con.png", "_con.png"),
        ("cat. /dog.png", "cat__/dog.png"),
    ],
)
def test_other_names_are_made_safe(upload: str, path: str) -> None:
    assert place_of(upload).name() == path


@pytest.mark.parametrize(
    "uploads", [["cat.png", "CAT.PNG"], ["cat.png", "cat.jpg"], ["a:b.png", "a?b.png"]]
)
def test_all_of_those_that_collide_get_a_digest(uploads: list[str]) -> None:
    found = [place.stem for place in places(uploads)]
    assert all(re.search("~[0-9a-f]{16}$", stem) for stem in found)
    assert found == [place.stem for place in places(uploads[::-1])][::-1], "the order is irrelevant"


def test_long_names_fit_into_a_file_system() -> None:
    uploads = [f"{'ä' * 500}{end}.{kind}" for end in "ab" for kind in ("png", "jpg")]
    files = _files(uploads)
    assert len(set(files)) == len(files)
    assert max(len(part.encode()) for file in files for part in file.split("/")) <= 255


def test_the_split_depends_on_the_name_alone() -> None:
    uploads = [f"album/{number}.png" for number in range(2000)]
    train = {upload for upload in uploads if subset_of(upload, 0.8) is Subset.TRAIN}
    assert 0.76 < len(train) / len(uploads) < 0.84
    assert subset_of("album/0.png", 0.8) is subset_of("album/0.png", 0.8)
    larger = {upload for upload in uploads if subset_of(upload, 0.9) is Subset.TRAIN}
    assert train < larger
    assert {subset_of(upload, 1) for upload in uploads} == {Subset.TRAIN} == set(subsets(1))
    assert {subset_of(upload, 0) for upload in uploads} == {Subset.VAL} == set(subsets(0))
    assert subset_of("album/cat.png", 0.5) is Subset.TRAIN, "the split of existing datasets stays"
