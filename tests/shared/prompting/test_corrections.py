"""Prompts that a person gives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.prompting.builder import build_prompts
from shared.prompting.corrections import (
    Located,
    UnfitPromptsError,
    corrected_prompts,
    resolved,
    with_clicks,
)
from shared.schemas.box import Box
from shared.schemas.given_prompts import ShownInstance
from shared.schemas.prompt import LabelledPixel, Prompt, PromptOptions
from tools.support.shapes import IMAGE, ellipse, face, prompt_for

OPTIONS = PromptOptions()
FOUND = build_prompts([face(60, 100, 30, 40, 0.9), face(200, 100, 30, 40, 0.6)], IMAGE, OPTIONS)
PROMPT = prompt_for(ellipse(150, 100, 30, 40), IMAGE)


def _shown(cx: float, cy: float, **fields: object) -> Located:
    shown = ShownInstance.model_validate({"box": (0, 0, 9, 9), **fields})
    return Located(shown, face(cx, cy, 20, 25))


def test_what_was_missed_gets_the_next_number() -> None:
    prompts = corrected_prompts(FOUND, [_shown(130, 40), _shown(130, 160)], IMAGE, OPTIONS)
    assert [prompt.id for prompt in prompts] == ["face-1", "face-2", "face-3", "face-4"]
    assert prompts[:2] == FOUND
    assert all(prompt.score == 1 for prompt in prompts[2:])


def test_an_id_replaces_what_was_found() -> None:
    prompts = corrected_prompts(FOUND, [_shown(130, 40, id="face-1")], IMAGE, OPTIONS)
    assert [prompt.id for prompt in prompts] == ["face-1", "face-2"]
    assert prompts[0].box.holds(130, 40)
    assert prompts[1] == FOUND[1]


def test_prompts_that_come_back_are_taken_as_they_are() -> None:
    assert corrected_prompts((), FOUND, IMAGE, OPTIONS) == FOUND
    assert corrected_prompts(FOUND, FOUND[:1], IMAGE, OPTIONS) == FOUND


def test_new_points_keep_away_from_the_other_faces() -> None:
    (_, _, new) = corrected_prompts(FOUND, [_shown(110, 100)], IMAGE, OPTIONS)
    assert not any(FOUND[0].box.holds(x, y) and x < 85 for x, y in new.negative)


def test_where_there_are_too_many_the_least_sure_are_left_out() -> None:
    few = PromptOptions(max_instances=2)
    prompts = corrected_prompts(FOUND, [_shown(130, 40)], IMAGE, few)
    assert [prompt.id for prompt in prompts] == ["face-1", "face-2"]
    assert prompts[0] == FOUND[0]
    with pytest.raises(UnfitPromptsError, match="MAX_INSTANCES"):
        corrected_prompts(FOUND, [_shown(9, 9), _shown(99, 9), _shown(9, 99)], IMAGE, few)


def test_two_of_one_id_are_refused() -> None:
    twice: list[Prompt | Located] = [_shown(40, 40, id="face-1"), FOUND[0]]
    with pytest.raises(UnfitPromptsError, match="same id"):
        corrected_prompts(FOUND, twice, IMAGE, OPTIONS)


def test_a_prompt_of_another_image_is_refused() -> None:
    with pytest.raises(UnfitPromptsError, match=r"face-1: .*does not lie in the image"):
        corrected_prompts((), FOUND[:1], Box(0, 0, 50, 50), OPTIONS)


def test_clicks_on_what_was_found_are_added_to_it() -> None:
    shown = ShownInstance(id="face-2", points=((230, 100, 0),))
    prompt = resolved(shown, FOUND, IMAGE)
    assert isinstance(prompt, Prompt)
    assert (prompt.id, prompt.clicks) == ("face-2", ((230, 100, 0),))
    again = resolved(ShownInstance(id="face-2", points=((231, 90, 1),)), [prompt], IMAGE)
    assert isinstance(again, Prompt)
    assert again.clicks == ((230, 100, 0), (231, 90, 1))


def test_a_place_is_cut_at_the_image() -> None:
    shown = ShownInstance(box=Box(-50, -50, 40, 40), points=((-1, 4, 1), (5, 5, 1)))
    place = resolved(shown, (), IMAGE)
    assert isinstance(place, ShownInstance)
    assert (place.box, place.points) == (Box(0, 0, 40, 40), ((5, 5, 1),))


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"box": (400, 400, 500, 500)}, "a face does not lie in the image"),
        ({"points": ((400, 10, 1),), "label": "hand"}, "a hand does not lie in the image"),
        ({"id": "face-7", "points": ((10, 10, 0),)}, "face-7 was not found"),
    ],
)
def test_a_place_that_is_nowhere_is_refused(fields: dict[str, object], words: str) -> None:
    with pytest.raises(UnfitPromptsError, match=words):
        resolved(ShownInstance.model_validate(fields), FOUND, IMAGE)


def test_box_and_crop_grow_around_a_click_and_stay_otherwise() -> None:
    inside = with_clicks(PROMPT, [(150, 100, 1), (110, 60, 0)], IMAGE)
    assert (inside.box, inside.crop) == (PROMPT.box, PROMPT.crop)
    outside = with_clicks(PROMPT, [(40, 100, 1)], IMAGE)
    assert outside.box.x0 < 40
    assert outside.box.x1 == PROMPT.box.x1
    assert outside.crop.intersection(outside.box) == outside.box


def test_points_beside_a_click_that_say_otherwise_go() -> None:
    x, y = PROMPT.positive[0]
    prompt = with_clicks(PROMPT, [(x + 1, y, 0)], IMAGE)
    assert (x, y, 1) not in prompt.points
    assert len(prompt.points) >= len(PROMPT.points) - 3
    assert with_clicks(PROMPT, [(x + 1, y, 1)], IMAGE).points == PROMPT.points


_click = st.tuples(st.integers(-50, 350), st.integers(-50, 250), st.sampled_from((0, 1)))


@given(st.lists(_click, max_size=8))
def test_any_clicks_give_a_prompt_inside_the_image(clicks: list[LabelledPixel]) -> None:
    prompt = with_clicks(PROMPT, clicks, IMAGE)
    assert prompt.box.intersection(IMAGE) == prompt.box
    assert prompt.crop.intersection(IMAGE) == prompt.crop
    assert prompt.box.intersection(prompt.crop) == prompt.box
    assert all(prompt.box.holds(x, y) for x, y, label in prompt.clicks if label)
