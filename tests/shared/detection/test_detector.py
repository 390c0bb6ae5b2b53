import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest

from shared.detection.detections import Detection
from shared.detection.detector import Detector
from shared.detection.face_models import FACE_OVAL
from shared.imaging.boxes import bounds_of
from shared.imaging.geometry import Image, bounding_box, contains
from shared.schemas.box import Box
from shared.schemas.prompt import Label
from tests.drawings import HAND_TIPS, left_hand
from tools.support.examples import example

AVATARS = (
    "adventurer_02.png",
    "avataaars_05.png",
    "bigSmile_01.png",
    "lorelei_04.png",
    "micah_01.png",
    "openPeeps_01.png",
)
BOTH: frozenset[Label] = frozenset({"face", "hand"})
ASTRONAUT_FACE = Box(175, 60, 270, 190)


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


def _faces(detector: Detector, image: Image) -> list[Detection]:
    return [one for one in detector.detect(image, BOTH).detections if one.label == "face"]


def test_the_face_on_a_photo_is_found(detector: Detector) -> None:
    (face,) = _faces(detector, example("astronaut.jpg"))
    assert bounding_box(face.polygon).iou(ASTRONAUT_FACE) > 0.6
    assert contains(face.polygon, 222, 115), "the nose"
    assert 0 < face.score <= 1


@pytest.mark.parametrize("name", AVATARS)
def test_a_drawn_face_is_found(detector: Detector, name: str) -> None:
    (face,) = _faces(detector, example(name))
    box = bounding_box(face.polygon)
    assert box.holds(256, 256) or box.area > 40_000


def test_an_outline_has_no_crossings_and_no_deep_bays(detector: Detector) -> None:
    assert len(set(FACE_OVAL)) == 36
    (face,) = _faces(detector, example("astronaut.jpg"))
    hull = cv2.contourArea(cv2.convexHull(face.polygon))
    assert cv2.contourArea(face.polygon) > 0.95 * hull


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_on_a_plain_ground_nothing_is_found(detector: Detector, shade: int) -> None:
    assert detector.detect(np.full((200, 300, 3), shade, np.uint8), BOTH).detections == []


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 3000, 3), (3000, 1, 3), (7, 5, 3)])
def test_extreme_shapes_do_no_harm(detector: Detector, shape: tuple[int, int, int]) -> None:
    assert detector.detect(np.full(shape, 200, np.uint8), BOTH).detections == []


@pytest.mark.parametrize("shape", [(20, 1000, 3), (200, 3, 3), (9, 9, 3)])
def test_noise_of_extreme_shapes_does_no_harm(
    detector: Detector, shape: tuple[int, int, int]
) -> None:
    noise = np.random.default_rng(1).integers(0, 255, shape, np.uint8)
    assert len(detector.detect(noise, BOTH).detections) <= 20


def test_coordinates_are_those_of_the_image_at_any_size(detector: Detector) -> None:
    image = example("astronaut.jpg")
    large = np.asarray(cv2.resize(image, None, fx=4, fy=4), np.uint8)
    (small_face,), (large_face,) = _faces(detector, image), _faces(detector, large)
    difference = np.subtract(bounds_of(large_face.polygon / 4), bounds_of(small_face.polygon))
    assert np.abs(difference).max() < 12


def test_colours_are_taken_as_rgb(detector: Detector) -> None:
    """Skin in the wrong channel order is blue: the model is less sure of it, or misses it."""
    image = example("astronaut.jpg")
    swapped = np.ascontiguousarray(image[..., ::-1])
    right = sum(face.score for face in _faces(detector, image))
    wrong = sum(face.score for face in _faces(detector, swapped))
    assert right >= wrong


def test_threads_find_the_same(detector: Detector) -> None:
    images = [example(name) for name in AVATARS[:3]]
    alone = [detector.detect(image, BOTH).detections for image in images]
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda image: detector.detect(image, BOTH).detections, images))
    for one, other in zip(alone, together, strict=True):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            assert (a.polygon == b.polygon).all()


def test_a_drawn_hand_is_found_with_its_joints_and_its_side(detector: Detector) -> None:
    for image, side in ((left_hand(), "left"), (left_hand()[:, ::-1], "right")):
        (hand,) = detector.detect(np.ascontiguousarray(image), BOTH).detections
        assert (hand.label, hand.side) == ("hand", side)
        assert hand.interior is not None
        assert hand.interior.shape == (21, 2)
        for x, y in HAND_TIPS:
            tip = (x if side == "left" else 399 - x, y)
            assert np.linalg.norm(hand.interior - tip, axis=1).min() < 25
            assert contains(hand.polygon, *tip)


def test_only_the_wanted_targets_are_looked_for(detector: Detector) -> None:
    found = detector.detect(example("astronaut.jpg"), frozenset({"hand"})).detections
    assert all(one.label == "hand" for one in found)


@pytest.mark.parametrize("shape", [(1, 20_000_000), (40, 500_000)])
def test_a_strip_of_many_pixels_takes_little_memory(
    detector: Detector, shape: tuple[int, int]
) -> None:
    strip = np.random.default_rng(0).integers(0, 255, (*shape, 3), np.uint8)
    tracemalloc.start()
    try:
        detector.detect(strip, frozenset({"face"}))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * strip.nbytes + 100 * 2**20
