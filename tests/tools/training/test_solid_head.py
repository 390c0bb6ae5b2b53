"""Heads in space: turning them shows what is beside, and hides what turns away."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.training.procedural.solid_head import solid_head
from tools.training.procedural.style import Style
from tools.training.procedural.surface import Features, Floats, Part, Surface, random_surface
from tools.training.sprite import BACKGROUND, FACE

FEATURES = Features(eyes=-0.2, nose=0.2, mouth=0.45)
FLAT = Style(0, None, "flat")
EXAMPLES = 6
"""A head takes a third of a second."""

SEEDS = st.integers(0, 2**32 - 1)


def _surface(seed: int) -> Surface:
    return random_surface(np.random.default_rng(seed), FEATURES, creature=False)


def _nose_tip(surface: Surface) -> Floats:
    tip = np.abs(surface.chart - (0, FEATURES.nose)).sum(axis=1).argmin()
    return surface.points[tip]


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=SEEDS, yaw=st.floats(0.3, 1.5))
def test_a_head_that_turns_right_points_its_nose_there(seed: int, yaw: float) -> None:
    before = _surface(seed)
    after = before.turned(yaw, 0)
    assert abs(_nose_tip(before)[0]) < 0.05
    assert _nose_tip(after)[0] > 0.2
    assert np.allclose(
        np.linalg.norm(before.points, axis=1), np.linalg.norm(after.points, axis=1), atol=1e-5
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=SEEDS)
def test_a_head_that_nods_lowers_its_nose(seed: int) -> None:
    assert _nose_tip(_surface(seed).turned(0, 0.4))[1] > _nose_tip(_surface(seed))[1]


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=SEEDS)
def test_every_point_belongs_to_a_part(seed: int) -> None:
    surface = _surface(seed)
    assert (surface.parts != Part.NONE).all()
    assert (surface.parts == Part.SKIN).any()


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=SEEDS, yaw=st.floats(0.3, 1.6))
def test_a_picture_has_no_gaps_where_the_head_is(seed: int, yaw: float) -> None:
    drawn = solid_head(np.random.default_rng(seed), FLAT, (yaw, yaw), creature=False)
    if drawn is not None:
        image, label = drawn
        assert (image[..., 3][label != BACKGROUND] > 0).mean() > 0.99
        rows = np.flatnonzero((label == FACE).any(axis=1))
        assert len(rows) == np.ptp(rows) + 1


@settings(max_examples=EXAMPLES, deadline=None)
@given(seed=SEEDS)
def test_a_head_that_looks_away_shows_no_eye_and_is_no_sprite(seed: int) -> None:
    assert solid_head(np.random.default_rng(seed), FLAT, (np.pi, np.pi), creature=False) is None
