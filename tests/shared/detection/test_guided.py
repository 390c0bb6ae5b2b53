"""Faces and hands that a person shows."""

import cv2
import numpy as np
import pytest

from shared.detection.detector import Detector
from shared.imaging.geometry import bounding_box
from shared.schemas.box import Box
from shared.schemas.given_prompts import ShownInstance
from tests.drawings import left_hand
from tools.support.examples import example


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


def _found(name: str) -> Box:
    (detection,) = Detector().detect(example(name), frozenset({"face"})).detections
    return bounding_box(detection.polygon)


@pytest.mark.parametrize("name", ["avataaars_05.png", "micah_01.png", "adventurer_02.png"])
def test_a_click_finds_the_face_at_its_size(detector: Detector, name: str) -> None:
    face = _found(name)
    x, y = face.x0 + face.width // 3, face.y0 + 2 * face.height // 3
    (located,) = detector.locate(example(name), [ShownInstance(points=((x, y, 1),))])
    assert located.score == 1
    assert bounding_box(located.polygon).iou(face) > 0.8


def test_a_rough_box_gives_the_same_outline(detector: Detector) -> None:
    face = _found("avataaars_05.png")
    rough = face.widened(0.1 * face.width, 0.06 * face.height)
    (located,) = detector.locate(example("avataaars_05.png"), [ShownInstance(box=rough)])
    assert bounding_box(located.polygon).iou(face) > 0.85
    assert located.parts == frozenset({"skin"})


def test_a_face_that_is_turned_upside_down_is_outlined(detector: Detector) -> None:
    image = np.ascontiguousarray(example("avataaars_05.png")[::-1, ::-1])
    face = _found("avataaars_05.png")
    turned = Box(
        image.shape[1] - face.x1,
        image.shape[0] - face.y1,
        image.shape[1] - face.x0,
        image.shape[0] - face.y0,
    )
    (located,) = detector.locate(image, [ShownInstance(box=turned)])
    assert bounding_box(located.polygon).iou(turned) > 0.8


def test_a_click_where_nothing_is_still_gives_an_instance(detector: Detector) -> None:
    blank = np.full((300, 400, 3), 255, np.uint8)
    face, hand = detector.locate(
        blank,
        [
            ShownInstance(points=((200, 150, 1), (220, 150, 1))),
            ShownInstance(label="hand", points=((100, 100, 1),)),
        ],
    )
    for located, x, y in ((face, 210, 150), (hand, 100, 100)):
        assert bounding_box(located.polygon).holds(x, y)


def test_a_hand_is_shown_by_a_box_or_a_click(detector: Detector) -> None:
    image = left_hand()
    found = Detector().detect(image, frozenset({"hand"}), min_score=0.3).detections
    hand = bounding_box(found[0].polygon)
    middle = (hand.x0 + hand.x1) // 2, (hand.y0 + hand.y1) // 2
    by_box, by_click = detector.locate(
        image,
        [
            ShownInstance(label="hand", box=hand),
            ShownInstance(label="hand", points=((*middle, 1),)),
        ],
    )
    for located in (by_box, by_click):
        assert located.label == "hand"
        assert bounding_box(located.polygon).iou(hand) > 0.6


def test_boxes_of_a_pixel_do_no_harm(detector: Detector) -> None:
    image = cv2.resize(example("micah_01.png"), (64, 64))
    shown = [ShownInstance(label=label, box=Box(3, 3, 4, 4)) for label in ("face", "hand")]
    assert len(detector.locate(np.asarray(image, np.uint8), shown)) == 2
