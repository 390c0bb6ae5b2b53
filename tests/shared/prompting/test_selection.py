"""Which detections get a prompt."""

import pytest

from shared.detection.detections import Detections
from shared.prompting.selection import missed, selected
from shared.schemas.amounts import Amount
from shared.schemas.box import Box
from shared.schemas.documents import Missed
from shared.schemas.prompt import PromptOptions
from tools.support.shapes import IMAGE, face

LARGE, MEDIUM, SMALL = face(60, 80, 40, 50, 0.6), face(150, 80, 20, 25, 0.9), face(220, 80, 5, 9)
FACES = [SMALL, MEDIUM, LARGE]


def test_those_with_the_highest_score_stay_or_the_largest() -> None:
    by_score = selected(FACES, IMAGE, PromptOptions(max_instances=2))
    by_size = selected(FACES, IMAGE, PromptOptions(max_instances=2, instance_order="size"))
    assert by_score == [SMALL, MEDIUM]
    assert by_size == [LARGE, MEDIUM]


def test_of_two_of_one_size_the_surer_stays() -> None:
    unsure, sure = face(60, 80, 20, 20, 0.6), face(200, 80, 20, 20, 0.9)
    options = PromptOptions(max_instances=1, instance_order="size")
    assert selected([unsure, sure], IMAGE, options) == [sure]


@pytest.mark.parametrize(
    ("amount", "found"),
    [
        (Amount(0), FACES),
        (Amount(11), FACES),
        (Amount(12), [MEDIUM, LARGE]),
        (Amount(40), [MEDIUM, LARGE]),
        (Amount(20, is_percent=True), [MEDIUM, LARGE]),  # of the image's 200 pixels
        (Amount(30, is_percent=True), [LARGE]),
        (Amount(100, is_percent=True), []),
    ],
)
def test_those_whose_shorter_side_is_too_short_are_left_out(
    amount: Amount, found: list[object]
) -> None:
    assert selected(FACES, IMAGE, PromptOptions(min_size=amount)) == found


def test_what_is_left_out_for_its_size_is_not_missed() -> None:
    near = [Box(0, 0, 8, 90), Box(0, 0, 60, 60)]
    detected = Detections(FACES, near)
    assert missed(detected, IMAGE, PromptOptions(max_instances=1)) == Missed(near=2, omitted=2)
    least = PromptOptions(max_instances=1, min_size=Amount(15))
    assert missed(detected, IMAGE, least) == Missed(near=1, omitted=1)
    assert missed(detected, IMAGE, PromptOptions()) == Missed(near=2, omitted=0)


def test_what_lies_outside_the_image_takes_no_place_and_is_not_missed() -> None:
    outside = face(-100, -100, 20, 30)
    options = PromptOptions(max_instances=1)
    assert selected([outside, MEDIUM], IMAGE, options) == [MEDIUM]
    assert missed(Detections([outside, MEDIUM], []), IMAGE, options) == Missed()
