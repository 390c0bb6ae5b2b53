"""Scores for drawings with truth made by eye, and the drawings that this repository has."""

import re
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.schemas.box import Box
from tools.evaluation import history, sheet
from tools.evaluation.drawings import Found, figures, report, score_drawing
from tools.evaluation.truth import Drawing, read_truth
from tools.support.examples import ROOT
from tools.support.shapes import ellipse, prompt_for

ART = ROOT / "tools/evaluation/art"
TRUTHS = ("truth.json", "hands.json")

SQUARE = [[20, 20], [60, 20], [60, 60], [20, 60]]
FACE = {"box": [20, 20, 60, 60], "kind": "frontal", "style": "cartoon", "polygon": SQUARE}


def _drawing(**fields: object) -> Drawing:
    return Drawing.model_validate({"set": "art", "faces": [FACE], **fields})


def _found(*boxes: tuple[int, int, int, int]) -> list[Found]:
    found = []
    for box in boxes:
        mask = np.zeros((100, 100), bool)
        mask[Box(*box).slices] = True
        found.append(Found(Box(*box), mask))
    return found


def test_a_face_is_found_where_the_boxes_agree_and_its_mask_is_compared() -> None:
    score = score_drawing(_drawing(), _found((20, 20, 60, 60)))
    assert (score.places[0].is_found, score.places[0].iou, score.extra) == (True, 1.0, 0)


def test_a_missed_face_has_the_iou_zero() -> None:
    score = score_drawing(_drawing(), _found((70, 70, 90, 90)))
    assert (score.places[0].is_found, score.places[0].iou, score.extra) == (False, 0.0, 1)


def test_a_face_without_outline_has_no_iou() -> None:
    score = score_drawing(
        _drawing(faces=[{**FACE, "polygon": None}]), _found((20, 20, 60, 60), (0, 0, 5, 5))
    )
    assert (score.places[0].is_found, score.places[0].iou, score.extra) == (True, None, 1)


def test_a_mask_without_the_beard_is_as_good_as_one_with_it() -> None:
    beard = [[20, 45], [60, 45], [60, 60], [20, 60]]
    shaved = _found((20, 20, 60, 45))
    with_ignore = score_drawing(_drawing(faces=[{**FACE, "ignore": beard}]), shaved).places[0].iou
    without = score_drawing(_drawing(), shaved).places[0].iou
    assert with_ignore is not None
    assert without is not None
    assert with_ignore > 0.98
    assert without < 0.7


def test_pixels_beside_the_outline_count_neither_way() -> None:
    (slightly_large,) = score_drawing(_drawing(), _found((19, 19, 61, 61))).places
    assert slightly_large.iou == pytest.approx(1.0, abs=0.001)


def test_points_on_the_wrong_side_of_an_outline_are_counted() -> None:
    box = Box(16, 16, 68, 68)
    points = [(40, 40, 1), (19, 40, 1), (80, 80, 1), (5, 5, 0), (30, 30, 0)]
    any_prompt = prompt_for(ellipse(40, 40, 20, 20), Box(0, 0, 100, 100))
    prompt = any_prompt.model_copy(update={"box": box, "points": tuple(points)})
    (face,) = _found((20, 20, 60, 60))
    drawing = score_drawing(_drawing(), [replace(face, prompt=prompt)])
    score = drawing.places[0].prompt
    assert score is not None
    # a point in the band along the outline counts neither way
    assert (score.positive, score.outside, score.negative, score.inside) == (3, 1, 2, 1)
    assert (score.cover, score.area) == (1, 52**2 / 40**2)
    assert "| positive points inside the outline, of 3 | 66.67% |" in report(
        [drawing], [score_drawing(_drawing(), [])], "face"
    )


def test_an_unsure_place_is_neither_a_face_nor_an_extra_box() -> None:
    drawing = _drawing(faces=[], unsure=[{"box": [0, 0, 30, 30]}])
    score = score_drawing(drawing, _found((12, 12, 18, 18)))
    assert (score.places, score.extra, score.is_blank) == ((), 0, False)


def test_the_report_has_a_row_for_each_trait_and_counts_false_alarms_on_blank_images() -> None:
    scores = [
        score_drawing(_drawing(), _found((20, 20, 60, 60))),
        score_drawing(_drawing(faces=[]), _found((1, 1, 9, 9))),
        score_drawing(_drawing(faces=[]), []),
    ]
    nothing = [
        score_drawing(_drawing(), []),
        *[score_drawing(_drawing(faces=[]), []) for _ in range(2)],
    ]
    rows = report(scores, nothing, "face").splitlines()
    assert "| all | 1 | 1.00 | 0.00 | 1 | 1.00 | 1.00 | 1.00 | 0.00 | 0.00 |" in rows
    assert "| frontal | 1 | 1.00 | 0.00 | 1 | 1.00 | 1.00 | 1.00 | 0.00 | 0.00 |" in rows
    assert "| from art | 3 | 0.33 | 0.00 | 2 | 0.50 | 0.00 |" in rows


def test_the_sheet_shows_what_is_missed_and_what_is_extra(tmp_path: Path) -> None:
    file = tmp_path / "drawing.png"
    cv2.imwrite(str(file), np.full((100, 100, 3), 200, np.uint8))
    right, wrong = _found((20, 20, 60, 60)), _found((70, 70, 95, 95))
    assert not sheet.wrong_drawings([(file, _drawing(), right)]).any()
    tiles = sheet.wrong_drawings([(file, _drawing(), wrong)]).reshape(-1, 3)
    assert (tiles == (0, 0, 255)).all(axis=1).any()
    assert (tiles == (255, 0, 0)).all(axis=1).any()


def test_each_evaluation_adds_a_line_to_the_history(tmp_path: Path) -> None:
    document = tmp_path / "quality.md"
    document.write_text("before\n<!-- history -->\n<!-- /history -->\nafter\n")
    face = _found((20, 20, 60, 60))
    scores = [score_drawing(_drawing(), face), score_drawing(_drawing(faces=[]), face)]
    for _ in range(2):
        history.append(document, "drawn faces", figures(scores))
    lines = document.read_text().splitlines()
    assert [line.endswith("| drawn faces | 1.000 | 1.000 | 0.500 | 1.000 |") for line in lines] == [
        False, False, True, True, False, False
    ]  # fmt: skip
    with pytest.raises(ValueError, match="history"):
        history.append(ART / "README.md", "drawn faces", figures(scores))


@pytest.mark.parametrize("name", [*TRUTHS, "portraits.json"])
def test_every_box_and_outline_lies_in_its_image(name: str) -> None:
    for file, drawing in read_truth(ART / name).items():
        height, width = cv2.imread(str(file)).shape[:2]
        assert max(height, width) <= 1024, file
        for place in (*drawing.places, *drawing.unsure):
            assert place.box.intersection(Box(0, 0, width, height)) == place.box, file
            assert place.box.area > 0, file
            for x, y in place.polygon or ():
                assert place.box.widened(1, 1).x0 <= x <= place.box.widened(1, 1).x1, file
                assert place.box.widened(1, 1).y0 <= y <= place.box.widened(1, 1).y1, file


def test_every_image_has_a_licence_and_every_licence_an_image() -> None:
    listed = set(re.findall(r"^\| `(.+?)` \|", (ART / "LICENCES.md").read_text(), re.MULTILINE))
    used = {str(file.relative_to(ART)) for name in TRUTHS for file in read_truth(ART / name)}
    assert listed == used == {str(f.relative_to(ART)) for f in ART.glob("*/*") if f.is_file()}


def test_the_readme_counts_what_is_there() -> None:
    faces, hands = (read_truth(ART / name).values() for name in TRUTHS)
    readme = (ART / "README.md").read_text()
    for truth, label in ((faces, "face"), (hands, "hand")):
        places = sum(len(drawing.places) for drawing in truth)
        images = sum(bool(drawing.places) for drawing in truth)
        blank = sum(not drawing.places and not drawing.unsure for drawing in truth)
        assert f"{places} {label}s in {images} images" in readme
        assert f"{blank} images without a {label}" in readme


def test_images_are_small_enough_for_a_repository() -> None:
    assert sum(file.stat().st_size for file in Path(ART).glob("*/*")) < 15e6
