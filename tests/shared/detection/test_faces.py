"""Detection of faces in styles, sizes and positions for which the detector was not tuned."""

from pathlib import Path
from typing import Any

import cv2
import mediapipe as mp
import numpy as np
import pytest
from PIL import Image as PillowImage

from shared.detection.detector import Detector
from shared.imaging.geometry import Image, bounding_box, image_box
from shared.schemas.box import Box
from shared.schemas.prompt import Label
from tools.support.examples import example
from tools.support.passes import Passes

IMAGES = Path(__file__).parent / "images"

UNSEEN = {
    "toon_head": Box(142, 161, 370, 366),
    "toon_head_dark": Box(143, 166, 368, 366),
    "personas": Box(112, 150, 400, 358),
    "personas_green": Box(117, 136, 395, 358),
    "miniavs_dark": Box(136, 104, 368, 440),
    "miniavs_green": Box(140, 104, 368, 440),
    "notionists": Box(216, 180, 350, 320),
    "croodles": Box(128, 160, 380, 440),
    "big_ears": Box(146, 240, 362, 469),
}
FACES: frozenset[Label] = frozenset({"face"})
FOUND = 0.4
"""IoU of boxes: the corpus's own rule."""

PAGE_WIDTH, PAGE_HEIGHT = 4000, 3000


@pytest.fixture(scope="module")
def detector() -> Detector:
    return Detector()


def _picture(name: str) -> Image:
    return np.asarray(PillowImage.open(IMAGES / f"{name}.png").convert("RGB"))


def _boxes(detector: Detector, image: Image) -> list[Box]:
    return [bounding_box(found.polygon) for found in detector.detect(image, FACES).detections]


@pytest.mark.parametrize("name", UNSEEN)
def test_faces_of_other_styles_are_found(detector: Detector, name: str) -> None:
    (box,) = _boxes(detector, _picture(name))
    assert box.iou(UNSEEN[name]) >= FOUND


@pytest.mark.parametrize("name", [name for name in UNSEEN if name != "big_ears"])
def test_they_are_found_without_colour(detector: Detector, name: str) -> None:
    grey = cv2.cvtColor(_picture(name), cv2.COLOR_RGB2GRAY)
    boxes = _boxes(detector, np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8))
    assert any(box.iou(UNSEEN[name]) >= FOUND for box in boxes)


@pytest.mark.parametrize("degrees", [-45, -20, 20, 40])
@pytest.mark.parametrize("name", ["toon_head", "personas", "miniavs_dark", "notionists"])
def test_a_turned_head_is_found(detector: Detector, name: str, degrees: int) -> None:
    picture, true = _picture(name), UNSEEN[name]
    turn = cv2.getRotationMatrix2D((256, 256), degrees, 0.75)
    turned = cv2.warpAffine(picture, turn, (512, 512), borderMode=cv2.BORDER_REPLICATE)
    middle = turn @ ((true.x0 + true.x1) / 2, (true.y0 + true.y1) / 2, 1)
    half = 0.375 * np.array([true.width, true.height])
    expected = bounding_box(np.array([middle - half, middle + half], np.float32))
    boxes = _boxes(detector, np.asarray(turned, np.uint8))
    assert any(box.iou(expected) >= FOUND for box in boxes)


def _is_found_cut(detector: Detector, name: str, part: Box) -> bool:
    cut = np.ascontiguousarray(_picture(name)[part.slices])
    seen = UNSEEN[name].intersection(part).shifted(-part.x0, -part.y0)
    boxes = [box.intersection(image_box(cut)) for box in _boxes(detector, cut)]
    return any(box.iou(seen) >= FOUND for box in boxes)


def _cut_parts(head: Box) -> list[Box]:
    """Of a picture, without a third of the head at its left or right, or a fifth below."""
    aside, below = round(0.3 * head.width), round(0.2 * head.height)
    return [
        Box(head.x0 + aside, 0, 512, 512),
        Box(0, 0, head.x1 - aside, 512),
        Box(0, 0, 512, head.y1 - below),
    ]


def test_most_heads_that_the_border_cuts_are_found(detector: Detector) -> None:
    found = [
        _is_found_cut(detector, name, part)
        for name, head in UNSEEN.items()
        for part in _cut_parts(head)
    ]
    assert np.mean(found) >= 0.7


@pytest.mark.parametrize("name", ["toon_head", "personas", "notionists", "croodles"])
def test_a_small_face_on_a_large_page_is_found(detector: Detector, name: str) -> None:
    """64 of 4000 pixels."""
    true = UNSEEN[name]
    scale = 64 / true.height
    small = cv2.resize(_picture(name), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    page = np.full((PAGE_HEIGHT, PAGE_WIDTH, 3), 235, np.uint8)
    x, y = 2711, 1133
    page[y : y + small.shape[0], x : x + small.shape[1]] = small
    corners = np.array([true[:2], true[2:]], np.float32) * scale + (x, y)
    boxes = _boxes(detector, page)
    assert any(box.iou(bounding_box(corners.astype(np.float32))) >= FOUND for box in boxes)


def test_faces_on_a_long_strip_are_found(detector: Detector) -> None:
    """As web comics have: panel below panel."""
    names = ("toon_head", "personas", "miniavs_green")
    strip = np.full((36_000, 640, 3), 250, np.uint8)
    for number, name in enumerate(names):
        strip[2000 + 15_000 * number :][:512, 60:572] = _picture(name)
    boxes = _boxes(detector, strip)
    for number, name in enumerate(names):
        true = UNSEEN[name].shifted(60, 2000 + 15_000 * number)
        assert any(box.iou(true) >= FOUND for box in boxes)


@pytest.mark.parametrize("scale", [0.2, 0.4, 1, 2.5])
def test_on_photos_no_face_is_missed_that_plain_face_mesh_finds(
    detector: Detector, scale: float
) -> None:
    photo = cv2.resize(example("astronaut.jpg"), None, fx=scale, fy=scale)
    plain: Any = mp.solutions.face_mesh.FaceMesh(static_image_mode=True, max_num_faces=5)
    theirs = plain.process(photo).multi_face_landmarks or []
    ours = _boxes(detector, np.asarray(photo, np.uint8))
    assert len(ours) >= len(theirs)
    assert any(box.holds(222 * scale, 115 * scale) for box in ours), "the nose"


def test_cost_is_bounded(detector: Detector) -> None:
    with Passes() as single:
        detector.detect(example("avataaars_05.png"), FACES)
    assert single.count <= 40
    scene = np.full((1200, 1600, 3), (190, 220, 240), np.uint8)
    for column, name in enumerate(("personas", "toon_head", "croodles")):
        small = cv2.resize(_picture(name), (360, 360), interpolation=cv2.INTER_AREA)
        scene[400:760, 100 + 500 * column :][:, :360] = small
    with Passes() as several:
        found = detector.detect(scene, FACES).detections
    assert len(found) == 3
    assert several.count <= 300


def test_things_without_a_face_stay_alone(detector: Detector) -> None:
    assert _boxes(detector, example("apple.png")) == []
