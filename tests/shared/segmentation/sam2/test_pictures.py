"""Crops for SAM2: their size, and the mapping of prompts and masks."""

import base64
import io
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from shared.decoding import pixels
from shared.detection.detections import Detection
from shared.imaging import png
from shared.imaging.geometry import Image, image_box, polygon_mask
from shared.prompting.builder import build_prompts
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt, PromptOptions
from shared.segmentation.sam2.contract import FieldNames, single_request
from shared.segmentation.sam2.crops import LONG_SIDE, encode_crop, shared_windows
from tools.support.examples import example
from tools.support.shapes import ellipse, face, prompt_for

sides = st.integers(20, 3000)
places = st.floats(0, 1)


@given(sides, sides, places, places)
def test_points_and_box_point_at_the_same_place_in_what_is_sent(
    width: int, height: int, cx: float, cy: float
) -> None:
    prompt = prompt_for(_oval(width, height, cx, cy), Box(0, 0, width, height))
    picture = encode_crop(np.zeros((height, width, 3), np.uint8), prompt.crop)
    sent = pixels.decode(picture.data, 10**8)
    assert sent.shape[:2] == (picture.height, picture.width)
    assert max(sent.shape[:2]) <= LONG_SIDE
    across, down = picture.width / prompt.crop.width, picture.height / prompt.crop.height
    inside = [p for p in prompt.points if prompt.crop.holds(p[0], p[1])]
    points = picture.points(prompt.points)
    assert len(points) == len(inside)
    for (x, y, label), (sent_x, sent_y, sent_label) in zip(inside, points, strict=True):
        assert label == sent_label
        assert abs((x + 0.5 - prompt.crop.x0) * across - (sent_x + 0.5)) <= 0.5 + across
        assert abs((y + 0.5 - prompt.crop.y0) * down - (sent_y + 0.5)) <= 0.5 + down
        assert 0 <= sent_x < picture.width
        assert 0 <= sent_y < picture.height


@given(sides, sides, places, places, st.booleans())
def test_a_shape_drawn_in_the_picture_comes_back_within_a_pixel(
    width: int, height: int, cx: float, cy: float, shared: bool
) -> None:
    """At any scale and place: the error is at most a pixel of the crop, or of the image."""
    image = Box(0, 0, width, height)
    polygon = _oval(width, height, cx, cy)
    prompt = prompt_for(polygon, image)
    window = prompt.crop.widened(30, 20).intersection(image) if shared else prompt.crop
    picture = encode_crop(np.zeros((height, width, 3), np.uint8), window)
    across, down = picture.width / window.width, picture.height / window.height
    drawn = ((polygon - (window.x0, window.y0)) * (across, down)).astype(np.float32)
    values = polygon_mask(drawn, Box(0, 0, picture.width, picture.height)).astype(np.float32)
    truth = polygon_mask(polygon, prompt.crop)
    back = picture.mask(values, prompt.crop)
    assert back.shape == truth.shape
    reach = int(np.ceil(max(1.0, 1 / across, 1 / down)))
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    grown = cv2.dilate(truth.astype(np.uint8), kernel).astype(bool)
    kept = cv2.erode(truth.astype(np.uint8), kernel).astype(bool)
    assert not (back & ~grown).any()
    assert not (kept & ~back).any()


@pytest.mark.parametrize("factor", [0.25, 0.5, 3])
def test_a_mask_of_another_size_gives_the_same_shape_without_a_staircase(factor: float) -> None:
    window = Box(0, 0, 800, 600)
    truth = polygon_mask(ellipse(400, 300, 150, 200), window)
    size = int(800 * factor), int(600 * factor)
    other = cv2.resize(truth.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    picture = encode_crop(np.zeros((600, 800, 3), np.uint8), window)
    back = picture.mask(np.asarray(other, np.float32), window)
    assert (back & truth).sum() / (back | truth).sum() > 0.995


def test_flat_art_travels_as_it_is_and_a_photo_as_a_far_smaller_jpeg() -> None:
    drawing = encode_crop(example("micah_01.png"), Box(0, 0, 512, 512))
    assert drawing.data_url.startswith("data:image/png;base64,")
    assert (pixels.decode(drawing.data, 10**6) == example("micah_01.png")).all()
    photo = encode_crop(_photo(1000, 1000), Box(0, 0, 1000, 1000))
    assert photo.data_url.startswith("data:image/jpeg;base64,")
    assert len(photo.data) < len(png.encode_array(_photo(1000, 1000))) / 2
    difference = pixels.decode(photo.data, 10**6).astype(int) - _photo(1000, 1000)
    assert np.abs(difference).mean() < 5, "less than the noise"


def test_three_faces_on_12_megapixels_travel_in_a_twentieth_of_the_plain_recipes_bytes() -> None:
    """The plain recipe sends the complete image as a PNG, once per face."""
    image = _photo(3000, 4000)
    prompts = _prompts(image, [(700, 800), (2000, 1500), (3300, 2200)], 350)
    whole = io.BytesIO()
    PillowImage.fromarray(image).save(whole, "PNG")
    plain = len(prompts) * len(base64.b64encode(whole.getvalue()))
    ours = sum(len(encode_crop(image, prompt.crop).base64) for prompt in prompts)
    assert ours * 20 <= plain


def test_small_faces_side_by_side_share_a_picture_and_lose_no_resolution() -> None:
    image = np.zeros((600, 900, 3), np.uint8)
    prompts = _prompts(image, [(150, 200), (300, 200), (450, 200)], 50)
    ((window, members),) = shared_windows(prompts)
    assert members == prompts
    assert not encode_crop(image, window).is_shrunk
    for prompt in prompts:
        assert window.intersection(prompt.crop) == prompt.crop
        assert prompt.box.width / window.width >= 0.2


@pytest.mark.parametrize(
    ("places", "radius"),
    [
        ([(200, 200), (2700, 1800)], 60),
        ([(200, 200), (900, 800)], 40),
        ([(700, 900), (2000, 900)], 500),
    ],
    ids=["small and far apart", "tiny and not so far apart", "large"],
)
def test_faces_keep_pictures_of_their_own_where_sharing_would_cost_resolution(
    places: list[tuple[float, float]], radius: float
) -> None:
    prompts = _prompts(np.zeros((2000, 3000, 3), np.uint8), places, radius)
    assert shared_windows(prompts) == [(prompt.crop, [prompt]) for prompt in prompts]


def test_field_names_follow_the_settings_and_an_empty_box_name_sends_none() -> None:
    (prompt,) = _prompts(np.zeros((40, 60, 3), np.uint8), [(30, 20)], 12)
    picture = encode_crop(np.zeros((40, 60, 3), np.uint8), prompt.crop)
    request: dict[str, Any] = single_request(
        picture, prompt, FieldNames("img", "pts", "", "many", "prob"), multimask=False
    )
    assert set(request) == {"img", "pts", "many", "prob"}
    assert request["many"] is False


def _prompts(image: Image, places: list[tuple[float, float]], radius: float) -> list[Prompt]:
    detections: list[Detection] = [face(x, y, radius, radius * 1.2) for x, y in places]
    return list(build_prompts(detections, image_box(image), PromptOptions()))


def _oval(width: int, height: int, cx: float, cy: float) -> Any:
    """Inside the image, across its border, or in a corner."""
    return ellipse(width * cx, height * cy, width / 5 + 2, height / 5 + 2)


def _photo(height: int, width: int) -> Image:
    """Returns a photo with a sensor's noise, enlarged to the size."""
    picture = cv2.resize(example("astronaut.jpg"), (width, height), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(0).normal(0, 5, picture.shape)
    return np.asarray((picture + noise).clip(0, 255), np.uint8)
