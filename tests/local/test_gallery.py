"""The gallery of a folder of results: all results, those of the newest run first."""

import json
from pathlib import Path
from typing import Any

from local import gallery
from shared.schemas import object_names
from tools.support.examples import EXAMPLES

APPLE = EXAMPLES / "apple.png"


def _finish(folder: Path, name: str, **fields: Any) -> None:
    """Writes a result like that of a run."""
    place = folder / name
    place.mkdir(parents=True)
    for picture in ("mask", "overlay", "cutout"):
        (place / f"{picture}.png").write_bytes(APPLE.read_bytes())
    document = {
        "schema": "toonmask/result/1",
        "status": "segmented",
        "reason": None,
        "source": {"bucket": "in", "name": name, "generation": 1, "width": 9, "height": 9},
        "config": "0123456789ab",
        "instances": [],
        "outputs": {"mask": "mask.png", "overlay": "overlay.png", "cutout": "cutout.png"},
        "timing": {},
        "versions": {},
        **fields,
    }
    (place / "result.json").write_text(json.dumps(document))


def _html(folder: Path, *newest: str) -> str:
    return gallery.write(folder, dict.fromkeys(newest, APPLE)).read_text()


def test_results_of_earlier_runs_stay_in_the_index_behind_the_newest(tmp_path: Path) -> None:
    _finish(tmp_path, "a first.png")
    _html(tmp_path, "a first.png")
    for name in ("c.png", "album/b.png"):
        _finish(tmp_path, name)
    html = _html(tmp_path, "c.png", "album/b.png")
    places = [html.index(f"<h3>{name}") for name in ("album/b.png", "c.png", "a first.png")]
    assert places == sorted(places)
    assert "3 images" in html
    assert "a%20first.png/original.png" in html
    assert (tmp_path / "a first.png" / "original.png").read_bytes() == APPLE.read_bytes()


def test_what_is_no_result_is_named_and_left_out(tmp_path: Path) -> None:
    _finish(tmp_path, "good.png")
    _finish(tmp_path, "odd.png", status="splendid")
    (tmp_path / "broken.png").mkdir()
    (tmp_path / "broken.png" / "result.json").write_text("{")
    (tmp_path / "logs").mkdir()
    html = _html(tmp_path, "good.png")
    assert "1 image<" in html
    assert "broken.png/result.json" in html
    assert "odd.png/result.json" in html
    assert "status must be" in html


def test_pictures_that_were_taken_away_are_not_shown(tmp_path: Path) -> None:
    _finish(tmp_path, "a.png")
    (tmp_path / "a.png" / "mask.png").unlink()
    html = _html(tmp_path, "a.png")
    assert "a.png/overlay.png" in html
    assert "a.png/mask.png" not in html


def test_what_is_doubtful_does_not_look_perfect(tmp_path: Path) -> None:
    doubt = {"code": "low-score", "message": "face-1 may be no face.", "instance": "face-1"}
    _finish(tmp_path, "sure.png", review=[])
    _finish(tmp_path, "unsure.png", review=[doubt])
    html = _html(tmp_path, "sure.png", "unsure.png")
    assert html.count(">to review</span>") == 1
    assert html.index("unsure.png") < html.index(">to review</span>") < html.index(doubt["message"])


def test_pictures_of_other_places_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(APPLE.read_bytes())
    folder = tmp_path / "results"
    elsewhere = {"mask": "../../secret.png", "overlay": str(APPLE), "cutout": "cutout.png"}
    _finish(folder, "a.png", outputs=elsewhere)
    html = _html(folder)
    assert "a.png/cutout.png" in html
    assert "secret" not in html
    assert "apple" not in html


def test_a_name_that_leads_elsewhere_lies_in_the_folder_of_its_results(tmp_path: Path) -> None:
    folder = tmp_path / "results"
    place = object_names.folder("../up.png").removesuffix("/")
    _finish(folder, place)
    html = _html(folder, "../up.png")
    assert html.index("This run") < html.index(place)
    assert (folder / place / "original.png").is_file()
    assert [one.name for one in tmp_path.iterdir()] == ["results"]
