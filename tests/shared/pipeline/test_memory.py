"""What an image takes in memory while it is worked on, over the image's own pixels.

NumPy and OpenCV tell Python's tracemalloc of every array.
"""

import tracemalloc
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from shared.decoding import pixels
from shared.imaging.geometry import image_box, polygon_mask, polygon_of
from shared.imaging.pyramid import Pyramid
from shared.rendering.artifacts import Renderer, result_artifacts
from shared.schemas.box import Box
from shared.schemas.documents import Outputs, SegmenterVersion, Status
from shared.schemas.drawing import Drawing
from shared.segmentation.masks import Mask
from shared.segmentation.service import SegmentationResult, SegmentedInstance
from tools.support.shapes import ellipse, prompt_for

HEIGHT, WIDTH = 3000, 4000
PIXELS = 3 * HEIGHT * WIDTH
PROMPT = prompt_for(ellipse(1500, 1100, 250, 300), Box(0, 0, WIDTH, HEIGHT))


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    """Large, and of nothing that could not be packed."""
    coarse = np.random.default_rng(0).integers(0, 255, (HEIGHT // 100, WIDTH // 100, 3), np.uint8)
    return cv2.imencode(".jpg", cv2.resize(coarse, (WIDTH, HEIGHT)))[1].tobytes()


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def _peak() -> float:
    return tracemalloc.get_traced_memory()[1] / PIXELS


@pytest.mark.usefixtures("traced")
def test_a_decoded_jpeg_is_in_memory_once(jpeg: bytes) -> None:
    pixels.decode(jpeg, WIDTH * HEIGHT)
    assert _peak() < 1.1


@pytest.mark.usefixtures("traced")
def test_all_levels_of_a_pyramid_add_a_third(jpeg: bytes) -> None:
    Pyramid.of(pixels.decode(jpeg, WIDTH * HEIGHT))
    assert _peak() < 1.5


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize(
    "drawing",
    [
        Drawing(),
        Drawing.model_validate(
            {"mask_grow": "5%", "mask_feather": 20, "cutout": "square", "cutout_padding": "500"}
        ),
    ],
)
def test_drawing_and_encoding_all_pictures_copies_no_image(jpeg: bytes, drawing: Drawing) -> None:
    """What is drawn is the face; the overlay's file is a quarter of the pixels."""
    image = pixels.decode(jpeg, WIDTH * HEIGHT)
    whole = image_box(image)
    face = Mask(PROMPT.crop, polygon_mask(polygon_of(PROMPT.polygon), PROMPT.crop))
    segmented = SegmentedInstance(PROMPT, face, 0.9, SegmenterVersion("oval"))
    found = SegmentationResult(Status.SEGMENTED, None, (segmented,))
    before = tracemalloc.get_traced_memory()[0] / PIXELS
    tracemalloc.reset_peak()
    found = found.grown(drawing.mask_grow, whole)
    found.segmented[0].to_instance(whole, drawing)
    artifacts = result_artifacts(image, found, Outputs(preview="preview.jpg"), drawing)
    sizes = [len(file.data) for file in Renderer().files(artifacts)]
    assert max(sizes) < 0.3 * PIXELS
    assert _peak() - before < 0.6
