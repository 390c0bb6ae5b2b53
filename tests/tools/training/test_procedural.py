"""Generated sprites: the truth about a drawing is that of its visible parts."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.training.procedural.beards import draw_beard
from tools.training.procedural.chance import Rng
from tools.training.procedural.curves import ellipse, moved, points, polygon, smooth
from tools.training.procedural.figures import SOURCES, face, faceless, figure, hand
from tools.training.procedural.head import Head
from tools.training.procedural.heads import draw_bust, draw_painting, draw_side_view, draw_smiley
from tools.training.procedural.headwear import draw_headwear
from tools.training.procedural.looks import Looks
from tools.training.procedural.pen import Pen
from tools.training.procedural.sprites import face_sprite
from tools.training.procedural.style import Style
from tools.training.procedural.svg import SIDE, Drawing, Line, Role
from tools.training.sprite import BACKGROUND, FACE, HAND, UNKNOWN, Pixels, Sprite

Source = Callable[[int], Sprite | None]
Draw = Callable[[Pen], object]

SEEDS = st.integers(0, 2**32 - 1)
EXAMPLES = 25
"""Sprites of a property. Each takes some 30 ms."""

HEAD = Head(128, 128, 60, 80)
LOOKS = Looks((240, 200, 170), (60, 40, 20), creature=False)
EYES = [points((100, 110), (100, 118)), points((156, 110), (156, 118))]


def _pen(rng: Rng | None = None) -> Pen:
    return Pen(rng or np.random.default_rng(0), Drawing(), Style(3, None, "flat"))


def _label(pen: Pen) -> Pixels:
    """One pixel for each unit of the canvas."""
    return pen.drawing.render(SIDE)[1]


def _cover(pen: Pen, left: float, right: float) -> None:
    """Hides a part of the drawing, from top to bottom."""
    stripe = points((left, 0), (right, 0), (right, SIDE), (left, SIDE))
    pen.paint(polygon(stripe), (90, 60, 30), Role.GROUND)


@pytest.mark.parametrize("source", SOURCES)
@settings(max_examples=EXAMPLES // 4)
@given(seed=SEEDS)
def test_a_seed_always_gives_the_same_sprite(source: str, seed: int) -> None:
    first, second = SOURCES[source](seed), SOURCES[source](seed)
    if first is None or second is None:
        assert first is second
        return
    assert np.array_equal(first.image, second.image)
    assert np.array_equal(first.label, second.label)
    assert np.array_equal(first.faces, second.faces)
    assert np.array_equal(first.hands, second.hands)
    assert (first.kind, first.tags) == (second.kind, second.tags)


@pytest.mark.parametrize("source", SOURCES)
def test_seeds_give_different_sprites(source: str) -> None:
    sprites = [sprite for sprite in map(SOURCES[source], range(8)) if sprite is not None]
    assert len({sprite.image.tobytes() for sprite in sprites}) == len(sprites) > 4


@pytest.mark.parametrize("source", [face, figure])
@settings(max_examples=EXAMPLES)
@given(seed=SEEDS)
def test_a_face_has_one_box_the_bounds_of_its_label(source: Source, seed: int) -> None:
    sprite = source(seed)
    if sprite is not None:
        left, top, width, height = cv2.boundingRect((sprite.label == FACE).astype(np.uint8))
        (box,) = sprite.faces
        assert box.tolist() == [left, top, left + width, top + height]


@settings(max_examples=EXAMPLES)
@given(seed=SEEDS)
def test_a_hand_is_all_hand_and_its_boxes_contain_it(seed: int) -> None:
    sprite = hand(seed)
    _assert_hands(sprite)
    assert sprite.hands
    assert not sprite.faces
    assert not np.isin(sprite.label, [FACE, UNKNOWN]).any()


@settings(max_examples=EXAMPLES)
@given(seed=SEEDS)
def test_hands_of_a_figure_have_boxes(seed: int) -> None:
    sprite = figure(seed)
    if sprite is not None:
        _assert_hands(sprite)


def _assert_hands(sprite: Sprite) -> None:
    """Boxes contain all pixels of hands, but for specks."""
    outside = sprite.label == HAND
    for box in sprite.hands:
        left, top, right, bottom = box.astype(int)
        inside = sprite.label[top:bottom, left:right] == HAND
        assert inside.any(axis=0).all()
        assert inside.any(axis=1).all()
        outside[top:bottom, left:right] = False
    count, _, stats, _ = cv2.connectedComponentsWithStats(outside.astype(np.uint8))
    assert count == 1 or stats[1:, cv2.CC_STAT_AREA].max() < 40


@settings(max_examples=EXAMPLES)
@given(seed=SEEDS)
def test_nothing_may_be_found_in_a_negative(seed: int) -> None:
    sprite = faceless(seed)
    if sprite is not None:  # some drawings are nearly blank
        assert not sprite.faces
        assert not sprite.hands
        assert (sprite.label == BACKGROUND).all()
        assert (sprite.image[..., 3] > 0).sum() >= 300


@pytest.mark.parametrize(
    "draw",
    [
        lambda pen: draw_bust(pen, "frontal", creature=False),
        lambda pen: draw_bust(pen, "three-quarter", creature=True),
        lambda pen: draw_side_view(pen, creature=True),
        lambda pen: draw_painting(pen, creature=True),
        draw_smiley,
    ],
    ids=["frontal", "three-quarter", "profile", "painting", "smiley"],
)
@settings(max_examples=EXAMPLES)
@given(seed=SEEDS)
def test_a_label_lies_where_something_is_drawn(draw: Draw, seed: int) -> None:
    pen = _pen(np.random.default_rng(seed))
    draw(pen)
    image, label = pen.drawing.render(96)
    assert (label == FACE).any()
    assert (image[..., 3][label != BACKGROUND] > 0).all()


@pytest.mark.parametrize("source", [face, figure, hand])
@settings(max_examples=EXAMPLES)
@given(seed=SEEDS)
def test_texture_moves_edges_by_few_pixels_only(source: Source, seed: int) -> None:
    sprite = source(seed)
    if sprite is not None:
        near = cv2.dilate((sprite.image[..., 3] > 0).astype(np.uint8), np.ones((9, 9), np.uint8))
        assert near[sprite.label != BACKGROUND].mean() > 0.99


def test_a_face_counts_as_long_as_one_of_its_eyes_is_visible() -> None:
    pen = _pen()
    _head(pen)
    assert face_sprite(pen, "kind", EYES) is not None
    _cover(pen, 80, 120)
    assert face_sprite(pen, "kind", EYES) is not None
    _cover(pen, 140, 170)
    assert face_sprite(pen, "kind", EYES) is None
    assert face_sprite(pen, "kind", []) is not None


def test_a_sliver_of_a_face_is_none() -> None:
    pen = _pen()
    _head(pen)
    _cover(pen, 80, SIDE)
    assert face_sprite(pen, "kind", []) is not None
    _cover(pen, 70, SIDE)
    assert face_sprite(pen, "kind", []) is None


def test_details_are_what_is_below_them() -> None:
    pen = _pen()
    _head(pen)
    before = _label(pen)
    pen.spot(smooth(moved(ellipse(20, 20), 128, 128)), (0, 0, 0))
    pen.stroke(polygon(points((70, 70), (180, 180))), (0, 0, 0), 9)
    assert np.array_equal(_label(pen), before)


def test_later_layers_cover_earlier_ones() -> None:
    pen = _pen()
    _head(pen)
    pen.paint(smooth(moved(ellipse(20, 20), 128, 128)), (0, 0, 0), Role.UNKNOWN)
    pen.paint(smooth(moved(ellipse(10, 10), 128, 128)), (0, 0, 0), Role.HAND)
    pen.paint(smooth(moved(ellipse(5, 5), 128, 128)), (0, 0, 0), Role.GROUND)
    label = _label(pen)
    at_the_right = [int(label[128, 128 + right]) for right in (0, 7, 15, 30, 90)]
    assert at_the_right == [BACKGROUND, HAND, UNKNOWN, FACE, BACKGROUND]


def test_an_outline_belongs_to_the_ground_and_a_line_to_its_role() -> None:
    pen = _pen()
    square = polygon(points((100, 100), (150, 100), (150, 150), (100, 150)))
    pen.drawing.add(square, Role.FACE, fill=(0, 0, 0), line=Line((0, 0, 0), 20))
    assert (_label(pen) == FACE).sum() == 50 * 50
    pen.drawing.add(square, Role.HAND, line=Line((0, 0, 0), 20))
    label = _label(pen)
    assert label[125, 95] == label[125, 105] == HAND
    assert label[125, 125] == FACE


def test_a_hood_leaves_the_face_in_its_opening() -> None:
    pen = _pen()
    _head(pen)
    before = _label(pen)
    draw_headwear(pen, HEAD, "hood", -0.2)
    label = _label(pen)
    assert label[128, 128] == FACE
    assert (label == FACE).sum() < (before == FACE).sum()


@settings(max_examples=EXAMPLES)
@given(seed=SEEDS)
def test_a_beard_fits_below_the_lowest_mouth(seed: int) -> None:
    pen = _pen(np.random.default_rng(seed))
    _head(pen)
    draw_beard(pen, HEAD, LOOKS, 0.85)
    assert (_label(pen)[:128] == FACE).any()


def _head(pen: Pen) -> None:
    pen.paint(smooth(HEAD.outline()), LOOKS.skin, Role.FACE)
