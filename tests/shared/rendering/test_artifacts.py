"""The image files of a result, and how often each is encoded."""

from unittest import mock

import numpy as np
import pytest

from shared.imaging import png
from shared.imaging.geometry import image_box, polygon_mask
from shared.rendering.artifacts import Renderer, result_artifacts
from shared.schemas.documents import Outputs, SegmenterVersion, Status
from shared.schemas.drawing import Drawing
from shared.segmentation.masks import Mask
from shared.segmentation.service import SegmentationResult, SegmentedInstance
from tools.support.shapes import ellipse, prompt_for

IMAGE = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
WHOLE = image_box(IMAGE)


def _segmented(number: int) -> SegmentedInstance:
    outline = ellipse(90 * number, 100, 30, 40)
    prompt = prompt_for(outline, WHOLE).model_copy(update={"id": f"face-{number}"})
    mask = Mask(prompt.crop, polygon_mask(outline, prompt.crop))
    return SegmentedInstance(prompt, mask, 0.9, SegmenterVersion("oval"))


def _made(instances: int) -> tuple[dict[str, bytes], int]:
    """All files by their names, and how many images were encoded for them."""
    segmented = tuple(_segmented(number + 1) for number in range(instances))
    found = SegmentationResult(Status.SEGMENTED, None, segmented)
    artifacts = result_artifacts(IMAGE, found, Outputs(), Drawing())
    with mock.patch("shared.imaging.png.encode", wraps=png.encode) as encode:
        files = list(Renderer().files(artifacts))
    by_name = {file.name: file.data for file in files}
    assert len(by_name) == len(files)
    return by_name, encode.call_count


@pytest.mark.parametrize("instances", [0, 1, 2])
def test_there_is_a_mask_and_a_cutout_of_all_and_of_each(instances: int) -> None:
    files, _ = _made(instances)
    each = {f"face-{n + 1}/{kind}.png" for n in range(instances) for kind in ("mask", "cutout")}
    assert files.keys() == {"mask.png", "overlay.png", "cutout.png"} | each


def test_what_a_lone_instance_shares_with_the_whole_is_made_once() -> None:
    files, encoded = _made(1)
    assert encoded == 3
    assert files["face-1/mask.png"] == files["mask.png"]
    assert files["face-1/cutout.png"] == files["cutout.png"]


def test_instances_among_others_have_pictures_of_their_own() -> None:
    files, encoded = _made(2)
    assert encoded == len(files)
    assert len({files[name] for name in files if name.endswith("mask.png")}) == 3
