import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.detection.detections import Detection
from shared.imaging.geometry import Polygon, contains
from shared.prompting.builder import build_prompts, prompt_box
from shared.schemas.box import Box
from shared.schemas.prompt import PromptOptions
from tools.support.shapes import IMAGE, ellipse, face, ovals, prompt_for


@given(ovals, st.integers(1, 40))
def test_positive_points_lie_inside_well_off_the_edge_and_in_the_image(
    polygon: Polygon, count: int
) -> None:
    prompts = build_prompts(
        [Detection("face", 1.0, polygon)], IMAGE, PromptOptions(positive_points=count)
    )
    for prompt in prompts:
        assert len(prompt.positive) <= count
        assert len(set(prompt.positive)) == len(prompt.positive)
        radius = min(np.ptp(polygon, axis=0)) / 2
        for x, y in prompt.positive:
            assert IMAGE.holds(x, y)
            depth = cv2.pointPolygonTest(polygon, (x + 0.5, y + 0.5), measureDist=True)
            assert depth >= 0.2 * radius - 1.5


@given(st.lists(ovals, min_size=1, max_size=4))
def test_negative_points_lie_in_the_image_and_in_no_polygon(polygons: list[Polygon]) -> None:
    detections = [Detection("face", 1.0, polygon) for polygon in polygons]
    for prompt in build_prompts(detections, IMAGE, PromptOptions()):
        for x, y in prompt.negative:
            assert IMAGE.holds(x, y)
            assert not any(contains(polygon, x + 0.5, y + 0.5) for polygon in polygons)


def test_a_large_face_gets_all_its_points_spread_over_it() -> None:
    prompt = prompt_for(ellipse(150, 100, 80, 90), IMAGE)
    assert len(prompt.positive) == 16
    xs, ys = zip(*prompt.positive, strict=True)
    assert max(xs) - min(xs) > 70
    assert max(ys) - min(ys) > 80


def test_a_face_at_the_border_gets_fewer_negatives_instead_of_clamped_ones() -> None:
    inside = prompt_for(ellipse(150, 100, 30, 40), IMAGE)
    polygon = ellipse(5, 100, 30, 40)
    at_border = prompt_for(polygon, IMAGE)
    assert len(inside.negative) == 8
    assert 0 < len(at_border.negative) < 8
    assert not any(contains(polygon, x + 0.5, y + 0.5) for x, y in at_border.negative)


def test_the_box_is_widened_by_its_share_and_clipped_to_the_image() -> None:
    polygon = np.array([(100, 50), (199.5, 50), (199.5, 149.5), (100, 149.5)], np.float32)
    assert prompt_box(polygon, Box(0, 0, 300, 200), 0.15) == Box(85, 35, 215, 165)
    assert prompt_box(polygon, Box(0, 0, 210, 160), 0.15) == Box(85, 35, 210, 160)


def test_instances_are_numbered_per_label_from_left_to_right() -> None:
    detections = [
        face(220, 100, 20, 30, score=0.9),
        Detection("hand", 0.5, ellipse(150, 150, 20, 20), interior=ellipse(150, 150, 10, 10)),
        face(60, 100, 20, 30, score=0.4),
    ]
    prompts = build_prompts(detections, IMAGE, PromptOptions())
    assert [prompt.id for prompt in prompts] == ["face-1", "face-2", "hand-1"]
    assert [prompt.score for prompt in prompts] == [0.4, 0.9, 0.5]


def test_only_the_best_instances_are_kept() -> None:
    detections = [face(40 + 60 * i, 100, 20, 30, score=i / 4) for i in range(4)]
    prompts = build_prompts(detections, IMAGE, PromptOptions(max_instances=2))
    assert [prompt.score for prompt in prompts] == [0.5, 0.75]


def test_a_face_outside_the_image_is_left_out() -> None:
    assert build_prompts([face(-100, -100, 20, 30)], IMAGE, PromptOptions()) == ()


def test_a_hands_positive_points_are_its_joints() -> None:
    joints = ellipse(150, 100, 30, 30, vertices=21)
    hand = Detection("hand", 1.0, ellipse(150, 100, 50, 50), joints, "left")
    (prompt,) = build_prompts([hand], IMAGE, PromptOptions(positive_points=16))
    known = {(int(x), int(y)) for x, y in np.floor(joints)}
    assert len(prompt.positive) == 16
    assert set(prompt.positive) <= known
    assert prompt.side == "left"


def test_the_crop_holds_the_box_with_context_inside_the_image() -> None:
    prompt = prompt_for(ellipse(150, 100, 20, 30), IMAGE)
    assert prompt.crop.intersection(prompt.box) == prompt.box
    assert prompt.crop.intersection(IMAGE) == prompt.crop
    assert prompt.crop.area > 2 * prompt.box.area


@pytest.mark.parametrize("scale", [0.05, 1, 20])
def test_prompts_do_not_depend_on_the_images_size(scale: float) -> None:
    image = Box(0, 0, int(300 * scale), int(200 * scale))
    prompt = prompt_for(ellipse(150 * scale, 100 * scale, 60 * scale, 80 * scale), image)
    small = prompt_for(ellipse(150, 100, 60, 80), IMAGE)
    for (x, y), (x1, y1) in zip(prompt.negative, small.negative, strict=True):
        assert abs(x / scale - x1) <= 1 / scale + 1
        assert abs(y / scale - y1) <= 1 / scale + 1


def test_the_same_detections_give_the_same_prompts() -> None:
    detections = [face(80, 100, 40, 50), face(220, 90, 30, 50)]
    first = build_prompts(detections, IMAGE, PromptOptions())
    assert build_prompts(detections, IMAGE, PromptOptions()) == first
