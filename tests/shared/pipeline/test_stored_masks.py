"""Other drawing settings draw the stored masks anew, without a call of SAM2."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from google.cloud import storage as gcs
from PIL import Image as PillowImage

from shared.gcp.events import REPEATED, Message
from shared.imaging import rle
from shared.imaging.geometry import BoolMask, polygon_mask
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt
from tests.endpoint import Endpoint, serving
from tests.shared.segmentation_runs import (
    HEIGHT,
    WIDTH,
    event,
    output,
    result,
    segmentation,
    upload,
)
from tools.support.shapes import ellipse, prompt_for

WHOLE = Box(0, 0, WIDTH, HEIGHT)
FACES = {"face-1": ellipse(80, 100, 40, 50), "face-2": ellipse(210, 90, 30, 40)}
PROMPTS = [prompt_for(oval, WHOLE).model_copy(update={"id": name}) for name, oval in FACES.items()]
IMAGE = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
SEGMENTER = {"backend": "sam2", "checkpoint": "facebook/sam2.1-hiera-large", "revision": "1"}
OPTIONS: dict[str, Any] = {
    "mask_grow": "6",
    "mask_feather": 4,
    "cutout": "box",
    "cutout_padding": "10%",
}


OVAL = polygon_mask(ellipse(32, 32, 18, 20), Box(0, 0, 64, 64)).astype(int).tolist()


@pytest.fixture
def sam2() -> Iterator[Endpoint]:
    """Answers with an oval in the middle of each crop."""
    with serving() as made:
        made.description = {"segmenter": SEGMENTER}
        made.answer = lambda _: (200, {"masks": [OVAL], "segmenter": SEGMENTER})
        yield made


class _Upload:
    """An upload whose prompts come again after its result was written."""

    def __init__(self, bucket: gcs.Bucket, sam2: Endpoint, *prompts: Prompt) -> None:
        self._bucket = bucket
        self._sam2 = sam2
        self.generation = upload(bucket, IMAGE)
        self.message = event(bucket, self.generation, *prompts)

    def handle(self, message: Message | None = None, **settings: Any) -> int:
        """Handles the message, again if it is the second time; returns the calls of SAM2."""
        before = len(self._sam2.requests)
        segmentation(self._bucket, self._sam2, **settings).handle(message or self.message)
        self.message = replace(self.message, attributes={REPEATED: "true"})
        return len(self._sam2.requests) - before

    def files(self) -> dict[str, bytes]:
        """Returns all image files."""
        blobs = output(self._bucket).list_blobs(prefix="cat.png/")
        return {
            blob.name: blob.download_as_bytes() for blob in blobs if not blob.name.endswith(".json")
        }

    def result(self) -> dict[str, Any]:
        """Returns result.json without what differs between runs."""
        found = result(self._bucket)
        del found["timing"]
        return found


@pytest.fixture
def uploaded(bucket: gcs.Bucket, sam2: Endpoint) -> _Upload:
    """An upload with two faces, handled once with the default settings."""
    made = _Upload(bucket, sam2, *PROMPTS)
    assert made.handle() == 2
    return made


def _masks(found: dict[str, Any], field: str = "rle") -> list[BoolMask]:
    return [
        rle.decode(item[field]["counts"], tuple(item[field]["size"])) for item in found["instances"]
    ]


def _pixels(file: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(PillowImage.open(io.BytesIO(file)))


@pytest.mark.parametrize(
    "changes",
    [{name: value} for name, value in OPTIONS.items() if name != "cutout_padding"]
    + [{"mask_grow": "-5%"}, OPTIONS, {"preview": "jpeg"}],
)
def test_other_drawing_settings_draw_the_stored_masks(
    uploaded: _Upload, bucket: gcs.Bucket, sam2: Endpoint, changes: dict[str, Any]
) -> None:
    before = uploaded.files()
    assert uploaded.handle(**changes) == 0
    drawn, described = uploaded.files(), uploaded.result()
    assert drawn != before
    assert uploaded.handle(**changes) == 0, "the result is complete"
    fresh = _Upload(bucket, sam2, *PROMPTS)
    assert fresh.handle(**changes) == 2
    assert fresh.files() == drawn
    expected = fresh.result()
    assert expected.pop("source") != described.pop("source")
    assert expected == described


def test_after_any_number_of_changes_the_first_result_comes_back(uploaded: _Upload) -> None:
    files, described = uploaded.files(), uploaded.result()
    for changes in ({"mask_grow": "8"}, {"mask_grow": "-3"}, OPTIONS, {}):
        assert uploaded.handle(**changes) == 0
    assert (uploaded.files(), uploaded.result()) == (files, described)


def test_everything_in_a_result_shows_the_grown_masks(uploaded: _Upload) -> None:
    originals = _masks(uploaded.result())
    uploaded.handle(**{**OPTIONS, "mask_feather": 0})
    found, files = uploaded.result(), uploaded.files()
    assert all(
        (a == b).all() for a, b in zip(_masks(found, "segmented_rle"), originals, strict=True)
    )
    union = np.zeros((HEIGHT, WIDTH), bool)
    for instance, grown in zip(found["instances"], _masks(found), strict=True):
        ys, xs = np.nonzero(grown)
        assert instance["box"] == [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
        assert instance["area"] == grown.sum()
        assert ((_pixels(files[f"cat.png/{instance['files']['mask']}"]) > 0) == grown).all()
        x0, y0, x1, y1 = instance["cutout_box"]
        cutout = _pixels(files[f"cat.png/{instance['files']['cutout']}"])
        assert cutout.shape == (y1 - y0, x1 - x0, 4)
        assert ((cutout[..., 3] > 127) == grown[y0:y1, x0:x1]).mean() > 0.97
        assert not (union & grown).any()
        union |= grown
    assert ((_pixels(files["cat.png/mask.png"]) > 0) == union).all()
    x0, y0, x1, y1 = found["cutout_box"]
    assert _pixels(files["cat.png/cutout.png"]).shape == (y1 - y0, x1 - x0, 4)


def test_masks_that_did_not_change_are_stored_once(uploaded: _Upload) -> None:
    assert [item["segmented_rle"] for item in uploaded.result()["instances"]] == [None, None]
    uploaded.handle(mask_grow="0.5")
    assert [item["segmented_rle"] for item in uploaded.result()["instances"]] == [None, None]


@pytest.mark.usefixtures("brief_backoff")
@pytest.mark.parametrize("description", [{"segmenter": SEGMENTER}, None])
def test_masks_of_a_fallback_are_made_anew(
    bucket: gcs.Bucket, sam2: Endpoint, description: Any
) -> None:
    """Also if the server does not say what it is, so that its version is unknown."""
    sam2.description = description
    answer, sam2.answer = sam2.answer, lambda _: (400, None)
    made = _Upload(bucket, sam2, PROMPTS[0])
    made.handle()
    assert made.result()["status"] == "degraded"
    sam2.answer = answer
    assert made.handle(mask_grow="3") == 1
    assert made.result()["status"] == "segmented"


def test_other_prompts_settings_and_segmenters_make_new_masks(
    uploaded: _Upload, bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    assert uploaded.handle(sam2_fallback="oval", mask_grow="1") == 2
    sam2.description = {"segmenter": {**SEGMENTER, "revision": "2"}}
    assert uploaded.handle(sam2_fallback="oval", mask_grow="2") == 2
    fewer = event(bucket, uploaded.generation, PROMPTS[0])
    assert uploaded.handle(replace(fewer, attributes={REPEATED: "true"}), mask_grow="3") == 1
    assert len(uploaded.result()["instances"]) == 1


def test_masks_of_another_generation_are_not_used(
    uploaded: _Upload, bucket: gcs.Bucket, sam2: Endpoint
) -> None:
    newer = _Upload(bucket, sam2, *PROMPTS)
    assert newer.generation > uploaded.generation
    newer.message = replace(newer.message, attributes={REPEATED: "true"})
    assert newer.handle(mask_grow="3") == 2


@pytest.mark.parametrize(
    "change",
    [
        {"counts": "junk"},
        {"counts": "09"},
        {"size": [9, 9], "counts": "a2"},
        {"size": [WIDTH, HEIGHT]},
    ],
)
def test_stored_masks_that_cannot_be_read_are_made_anew(
    uploaded: _Upload, bucket: gcs.Bucket, change: dict[str, Any]
) -> None:
    blob = output(bucket).get_blob("cat.png/result.json")
    document = json.loads(blob.download_as_bytes())
    document["instances"][1]["rle"] |= change
    blob.upload_from_string(json.dumps(document), content_type="application/json")
    assert uploaded.handle(mask_grow="3") == 2
    assert uploaded.result()["status"] == "segmented"
