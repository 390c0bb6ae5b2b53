"""The gallery of a folder of results: all results, those of the newest run first."""

from pathlib import Path

from local import gallery
from shared.schemas import object_names
from tests.local.finished import finish
from tools.support.examples import EXAMPLES

APPLE = EXAMPLES / "apple.png"


def _html(folder: Path, *newest: str) -> str:
    return gallery.write(folder, dict.fromkeys(newest, APPLE)).read_text()


def test_results_of_earlier_runs_stay_in_the_index_behind_the_newest(tmp_path: Path) -> None:
    finish(tmp_path, "a first.png")
    _html(tmp_path, "a first.png")
    for name in ("c.png", "album/b.png"):
        finish(tmp_path, name)
    html = _html(tmp_path, "c.png", "album/b.png")
    places = [html.index(f"<h3>{name}") for name in ("album/b.png", "c.png", "a first.png")]
    assert places == sorted(places)
    assert "3 images" in html
    assert "a%20first.png/original.png" in html
    assert (tmp_path / "a first.png" / "original.png").read_bytes() == APPLE.read_bytes()


def test_what_is_no_result_is_named_and_left_out(tmp_path: Path) -> None:
    finish(tmp_path, "good.png")
    finish(tmp_path, "odd.png", status="splendid")
    (tmp_path / "broken.png").mkdir()
    (tmp_path / "broken.png" / "result.json").write_text("{")
    (tmp_path / "logs").mkdir()
    html = _html(tmp_path, "good.png")
    assert "1 image<" in html
    assert "broken.png/result.json" in html
    assert "odd.png/result.json" in html
    assert "status must be" in html


def test_pictures_that_were_taken_away_are_not_shown(tmp_path: Path) -> None:
    finish(tmp_path, "a.png")
    (tmp_path / "a.png" / "mask.png").unlink()
    html = _html(tmp_path, "a.png")
    assert "a.png/overlay.png" in html
    assert "a.png/mask.png" not in html


def test_what_is_doubtful_does_not_look_perfect(tmp_path: Path) -> None:
    doubt = {"code": "low-score", "message": "face-1 may be no face.", "instance": "face-1"}
    finish(tmp_path, "sure.png", review=[])
    finish(tmp_path, "unsure.png", review=[doubt])
    html = _html(tmp_path, "sure.png", "unsure.png")
    badge = ">Check this</span>"
    assert html.count(badge) == 1
    assert html.index("<h3>unsure.png") < html.index(badge) < html.index(doubt["message"])


def test_pictures_of_other_places_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(APPLE.read_bytes())
    folder = tmp_path / "results"
    elsewhere = {"mask": "../../secret.png", "overlay": str(APPLE), "cutout": "cutout.png"}
    finish(folder, "a.png", outputs=elsewhere)
    html = _html(folder)
    assert "a.png/cutout.png" in html
    assert "secret" not in html
    assert "apple" not in html


def test_a_name_that_leads_elsewhere_lies_in_the_folder_of_its_results(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    place = object_names.folder("../up.png").removesuffix("/")
    finish(folder, place)
    html = _html(folder, "../up.png")
    assert html.index("This run") < html.index(place)
    assert (folder / place / "original.png").is_file()
    assert [one.name for one in tmp_path.iterdir()] == ["results"]
