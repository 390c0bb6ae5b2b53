"""Truth of the sprites from npm packages: labels from visible skin, and what is no negative."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tools.training.packages.exclusion import excluded, is_negative
from tools.training.packages.masks import components, face_in, hands_in, smiley_in
from tools.training.packages.outlines import HEADS, head_of
from tools.training.sprite import BACKGROUND, FACE, HAND, UNKNOWN, Pixels, box_of

SIDE = 192


def _paper() -> Pixels:
    return np.zeros((SIDE, SIDE), np.uint8)


def _disc(mask: Pixels, x: int, y: int, radius: int, value: int = 1) -> Pixels:
    cv2.circle(mask, (x, y), radius, (value,), cv2.FILLED)
    return mask


@pytest.fixture
def person() -> Pixels:
    """Skin with a head, eyes as holes, ears, a neck and shoulders."""
    skin = _disc(_paper(), 96, 80, 50)
    for x in (42, 150):
        _disc(skin, x, 80, 8)
    skin[125:160, 84:108] = 1
    skin[160:, 40:152] = 1
    for x in (78, 114):
        _disc(skin, x, 75, 8, 0)
    return skin


@pytest.fixture
def head() -> Pixels:
    return _disc(_paper(), 96, 80, 52)


def test_eyes_belong_to_the_face(person: Pixels, head: Pixels) -> None:
    label = face_in(person, head)
    assert label is not None
    assert label[75, 78] == FACE


def test_ears_are_unknown_and_a_neck_is_background(person: Pixels, head: Pixels) -> None:
    label = face_in(person, head)
    assert label is not None
    assert label[80, 38] == UNKNOWN
    assert label[150, 96] == BACKGROUND


def test_without_an_outline_no_other_skin_is_background(person: Pixels) -> None:
    person[160:] = 0
    label = face_in(person, None)
    assert label is not None
    assert label[80, 96] == FACE
    assert label[150, 96] == UNKNOWN  # it could as well be a hand
    assert label[80, 36] == UNKNOWN


def test_an_eye_that_hair_touches_is_not_background(person: Pixels, head: Pixels) -> None:
    person[:68] = 0  # a fringe down to the eyes
    label = face_in(person, head)
    assert label is not None
    assert label[75, 78] == UNKNOWN


def test_glasses_from_ear_to_ear_leave_both_halves_in_the_box(person: Pixels, head: Pixels) -> None:
    person[66:84] = 0
    label = face_in(person, head)
    assert label is not None
    box = box_of((label == FACE).astype(np.uint8))
    assert box[1] < 40
    assert box[3] > 120


def test_no_skin_is_no_face(head: Pixels) -> None:
    assert face_in(_paper(), head) is None
    assert face_in(_paper(), None) is None


def test_each_hand_has_its_own_part() -> None:
    skin = _disc(_disc(_paper(), 50, 96, 30), 140, 96, 30)
    label = hands_in(skin, skin)
    assert label is not None
    boxes = [box_of(part) for part in components((label == HAND).astype(np.uint8), 1)]
    assert sorted(box[0] for box in boxes) == [20, 110]


def test_a_sleeve_is_unknown_and_what_shows_through_fingers_is_background() -> None:
    skin = _disc(_disc(_paper(), 96, 80, 50), 96, 80, 15, 0)
    drawn = skin.copy()
    drawn[135:, 70:120] = 1
    label = hands_in(skin, drawn)
    assert label is not None
    assert label[180, 96] == UNKNOWN
    assert label[80, 96] == BACKGROUND


def test_a_smiley_is_the_whole_disc_and_a_tear_beside_it_is_unknown() -> None:
    plain = _disc(_paper(), 96, 96, 70)
    label, known = smiley_in(_disc(plain.copy(), 172, 30, 12), plain)
    assert known
    assert np.array_equal(label == FACE, plain > 0)
    assert label[30, 172] == UNKNOWN


def test_a_smiley_of_another_shape_has_no_known_edge() -> None:
    plain = _disc(_paper(), 96, 96, 70)
    _, known = smiley_in(_disc(_paper(), 80, 110, 55), plain)
    assert not known


@pytest.mark.parametrize("kind", HEADS)
def test_the_outline_of_a_head_scales_with_the_picture(kind: str) -> None:
    small, large = (head_of(kind, side, side) for side in (96, 192))
    assert small is not None
    assert large is not None
    assert large.mean() == pytest.approx(small.mean(), rel=0.05)


@pytest.mark.parametrize(
    "icon", ["snowman", "sun-with-face", "jack-o-lantern", "teddy-bear", "waving-hand", "cat-face"]
)
def test_what_shows_somebody_is_no_negative(icon: str) -> None:
    assert not is_negative("noto", icon)


@pytest.mark.parametrize("icon", ["eye", "mouth", "skull", "sunglasses", "pizza", "cow-face"])
def test_things_animals_and_single_eyes_are_negatives(icon: str) -> None:
    assert is_negative("noto", icon)


def test_an_exclusion_holds_for_its_set_or_for_all() -> None:
    assert {"octopus", "icon-park/mac-finder"} <= excluded()
    assert not is_negative("twemoji", "octopus")
    assert not is_negative("icon-park", "mac-finder")
    assert is_negative("another", "mac-finder")
