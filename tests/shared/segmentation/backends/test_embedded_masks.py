import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.imaging.geometry import Polygon, image_box, mask_iou, polygon_mask, polygon_of
from shared.schemas.box import Box
from shared.segmentation.backends import oval
from shared.segmentation.backends.embedded_masks import EmbeddedMasks
from shared.segmentation.mask_selection import choose
from shared.segmentation.masks import covered
from tools.evaluation.drawings import Regions
from tools.evaluation.in_process import InProcess
from tools.evaluation.truth import read_truth
from tools.support.examples import ROOT, example
from tools.support.shapes import ellipse, prompt_for

coordinate = st.floats(-50, 150)
points = st.lists(st.tuples(coordinate, coordinate, st.sampled_from([0, 1])), max_size=12)
edge = st.integers(-20, 120)
boxes = st.none() | st.builds(Box, edge, edge, edge, edge)
outlines = st.none() | st.lists(st.tuples(coordinate, coordinate), min_size=3, max_size=9).map(
    polygon_of
)
MASKS = EmbeddedMasks()
STEPS = InProcess()
DRAWINGS = ROOT / "tools/evaluation/art"
NOISE = np.random.default_rng(0).integers(0, 255, (80, 100, 3), np.uint8)


@given(points, boxes, outlines, st.integers(1, 80), st.integers(1, 100))
def test_any_prompt_on_any_image_gives_masks_of_its_size(
    marks: list[tuple[float, float, int]],
    box: Box | None,
    outline: Polygon | None,
    height: int,
    width: int,
) -> None:
    candidates = list(MASKS.segment(NOISE[:height, :width], marks, box, outline))
    assert candidates
    assert all(candidate.pixels.shape == (height, width) for candidate in candidates)


def _oval(scale: float, cx: float, cy: float, rx: float, ry: float) -> Polygon:
    return ellipse(cx * scale, cy * scale, rx * scale, ry * scale, vertices=90)


@pytest.mark.parametrize("scale", [0.3, 1, 6])
def test_a_flat_face_on_a_flat_ground_is_cut_to_its_edge(scale: float) -> None:
    """The oval that prompts is a tenth smaller than the face, as a photo model's would be."""
    height, width = int(200 * scale), int(300 * scale)
    image = np.full((height, width, 3), (90, 160, 220), np.uint8)
    window = Box(0, 0, width, height)
    truth = polygon_mask(_oval(scale, 150, 100, 50, 60), window)
    image[truth] = (240, 200, 170)
    for eye in (130, 170):
        spot = polygon_mask(_oval(scale, eye, 90, 6, 6), window)
        image[spot] = (20, 20, 20)
    prompt = prompt_for(_oval(scale, 150, 100, 45, 54), window)
    candidates = MASKS.candidates(image[prompt.crop.slices], prompt)
    mask, quality = choose(candidates, prompt)
    found = covered([mask], window)
    assert (found & truth).sum() / (found | truth).sum() > 0.97
    assert quality > 0.8


def test_an_inked_outline_stays_out_and_the_features_in() -> None:
    """Its pieces lie in the face's hull, as features do."""
    image = example("micah_01.png")
    spread = ((271, 265), (185, 219), (279, 172), (311, 338), (198, 300), (338, 227))
    marks = [(x, y, 1) for x, y in spread]
    (candidate,) = MASKS.segment(image, marks, Box(112, 89, 414, 408))
    deep = cv2.erode(candidate.pixels.astype(np.uint8), np.ones((25, 25), np.uint8)) > 0
    ink = image.sum(axis=2) < 150
    assert np.count_nonzero(deep & ink) > 1000, "eyes, nose, mouth"
    at_the_edge = np.count_nonzero(candidate.pixels & ~deep & ink)
    assert at_the_edge < 0.02 * np.count_nonzero(candidate.pixels)


def test_an_ear_behind_a_lock_of_hair_joins_no_unshaded_face() -> None:
    image = example("adventurer_02.png")
    spread = ((165, 240), (300, 255), (225, 270), (205, 345), (120, 300), (250, 390))
    marks = [(x, y, 1) for x, y in spread]
    (candidate,) = MASKS.segment(image, marks, Box(75, 95, 420, 430))
    ear, lock = candidate.pixels[255:300, 395:425], candidate.pixels[270:300, 362:376]
    assert candidate.pixels[345, 205]
    assert not ear.any()
    assert not lock.any()


@pytest.mark.parametrize(
    "name",
    [
        # forehead that the network takes for hair
        "comicgen/sophie_happy_holdingmobile.png",
        "comicgen/sophie_dozing_holdingbook.png",
        # hair and a chin of which the network is not sure
        "openclipart/signorinacappello.png",
        "openclipart/spaventapasseri.png",
    ],
)
def test_where_it_knows_better_the_area_of_one_colour_stays(name: str) -> None:
    file = DRAWINGS / name
    (place,) = read_truth(DRAWINGS / "truth.json")[file].faces
    image = STEPS.decode(file.read_bytes())
    regions = Regions.of(place, image.shape[:2])
    assert regions
    (segmented,) = STEPS.segment(image, STEPS.detect(image, "face").detections)
    assert regions.iou(covered([segmented.mask], image_box(image))) > 0.9


def test_a_neck_above_an_upside_down_face_is_no_forehead() -> None:
    upright = example("openPeeps_01.png")
    spread = ((300, 281), (338, 231), (234, 300), (290, 380), (385, 330), (345, 400))
    box = Box(150, 100, 440, 460)
    for image, turned in ((upright, False), (upright[::-1, ::-1], True)):
        height, width = image.shape[:2]
        points = [(width - x, height - y, 1) if turned else (x, y, 1) for x, y in spread]
        x0, y0, x1, y1 = box
        around = Box(width - x1, height - y1, width - x0, height - y0) if turned else box
        (candidate,) = MASKS.segment(np.ascontiguousarray(image), points, around)
        mask = candidate.pixels[::-1, ::-1] if turned else candidate.pixels
        assert mask[281, 300]
        assert not mask[455:500, 250:340].any()


def test_a_shaded_jaw_is_skin_and_a_shaded_neck_is_none() -> None:
    image = np.full((400, 400, 3), (180, 220, 240), np.uint8)
    cv2.ellipse(image, (200, 160), (118, 130), 0, 0, 360, (90, 50, 30), cv2.FILLED)  # hair
    cv2.rectangle(image, (165, 300), (235, 399), (150, 105, 80), cv2.FILLED)  # neck, in shadow
    head = polygon_mask(ellipse(200, 200, 100, 115), Box(0, 0, 400, 400))
    jaw = head & ~polygon_mask(ellipse(200, 178, 108, 110), Box(0, 0, 400, 400))
    jaw[:200] = False
    image[head] = (245, 205, 170)
    image[jaw] = (215, 170, 135)
    for x in (162, 238):
        cv2.ellipse(image, (x, 185), (10, 15), 0, 0, 360, (20, 20, 20), cv2.FILLED)
    cv2.ellipse(image, (200, 245), (36, 16), 0, 0, 180, (160, 40, 40), 5)
    prompt = prompt_for(ellipse(200, 200, 92, 105), Box(0, 0, 400, 400))
    mask, _ = choose(MASKS.candidates(image[prompt.crop.slices], prompt), prompt)
    found = covered([mask], Box(0, 0, 400, 400))
    assert found[jaw].mean() > 0.9
    assert mask_iou(found, head) > 0.97
    assert not found[330:].any()


def test_a_face_with_hair_has_its_outline_as_the_mask() -> None:
    image = np.full((200, 300, 3), 200, np.uint8)
    outline = ellipse(150, 100, 60, 70)
    prompt = prompt_for(outline, Box(0, 0, 300, 200)).model_copy(update={"parts": ("skin", "hair")})
    (candidate,) = MASKS.candidates(image[prompt.crop.slices], prompt)
    truth = polygon_mask(outline, prompt.crop)
    assert mask_iou(candidate.pixels, truth) > 0.97


def test_the_oval_segmenter_fills_the_polygon() -> None:
    polygon = ellipse(150, 100, 40, 50)
    prompt = prompt_for(polygon, Box(0, 0, 300, 200))
    crop = np.zeros((prompt.crop.height, prompt.crop.width, 3), np.uint8)
    (candidate,) = oval.candidates(crop, prompt)
    assert (candidate.pixels == polygon_mask(polygon, prompt.crop)).all()
