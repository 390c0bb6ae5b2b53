"""Prompts that fit an image can be segmented, whatever a person wrote into them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.schemas.box import Box
from shared.schemas.prompt import Prompt
from shared.schemas.prompt_fit import MOST_COORDINATE, misfit
from shared.segmentation.backends import oval
from shared.segmentation.backends.embedded import EmbeddedSegmenter
from shared.segmentation.backends.embedded_masks import EmbeddedMasks
from shared.segmentation.service import SegmentationService
from tools.support.shapes import ellipse, prompt_for

IMAGE = Box(0, 0, 60, 40)
PIXELS = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
PROMPT = prompt_for(ellipse(30, 20, 10, 12), IMAGE)


def _changed(**changes: object) -> Prompt:
    return PROMPT.model_copy(update=changes)


@pytest.mark.parametrize(
    ("prompts", "why"),
    [
        ([PROMPT, PROMPT], "two prompts have the same id"),
        ([_changed(crop=Box(0, 0, 61, 40))], "does not lie in the image"),
        ([_changed(crop=Box(-1, 0, 60, 40))], "does not lie in the image"),
        ([_changed(box=Box(9, 9, 9, 20))], "does not lie in the image"),
        ([_changed(crop=Box(0, 0, 10, 10), box=Box(5, 5, 11, 10))], "does not lie in the crop"),
        ([_changed(points=((10**30, 1, 1),))], "face-1: a coordinate is not between"),
        ([_changed(polygon=((0, 0), (9, 0), (0, -1e300)))], "face-1: a coordinate is not between"),
    ],
)
def test_what_does_not_fit_is_named(prompts: list[Prompt], why: str) -> None:
    assert why in (misfit(prompts, IMAGE) or "")


coordinates = st.one_of(
    st.integers(-50, 110), st.sampled_from([-MOST_COORDINATE, MOST_COORDINATE, 10**30])
)


@st.composite
def boxes(draw: st.DrawFn, outer: Box) -> Box:
    x0, y0 = draw(st.integers(outer.x0, outer.x1 - 1)), draw(st.integers(outer.y0, outer.y1 - 1))
    return Box(
        x0, y0, draw(st.integers(x0 + 1, outer.x1)), draw(st.integers(y0 + 1, outer.y1))
    )  # fmt: skip


@st.composite
def prompts(draw: st.DrawFn) -> Prompt:
    crop = draw(boxes(IMAGE))
    corners = st.tuples(coordinates.map(float), coordinates.map(float))
    points = st.tuples(coordinates, coordinates, st.sampled_from([0, 1]))
    return _changed(
        crop=crop,
        box=draw(boxes(crop)),
        polygon=tuple(draw(st.lists(corners, min_size=3, max_size=8))),
        points=tuple(draw(st.lists(points, max_size=8))),
        parts=draw(st.sampled_from([(), ("skin", "hair")])),
    )


SERVICES = [
    SegmentationService(EmbeddedSegmenter("oval", oval.candidates), None, 30),
    SegmentationService(EmbeddedSegmenter("grabcut", EmbeddedMasks().candidates), None, 30),
]


@given(prompts())
@settings(max_examples=60)
def test_what_fits_is_segmented(prompt: Prompt) -> None:
    if misfit([prompt], IMAGE):
        return
    for service in SERVICES:
        result = service.segment_image(PIXELS, [prompt])
        (segmented,) = result.segmented
        assert segmented.mask.window.intersection(IMAGE) == segmented.mask.window
