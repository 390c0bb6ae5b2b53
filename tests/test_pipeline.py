"""The promises of the README, kept by the running system on both brokers."""

import io
import json
import time
import uuid
from collections import Counter

import cv2
import jsonschema
import numpy as np
import pytest
import requests
from PIL import Image as PillowImage

from local.stack import INPUT_BUCKET, Stack
from shared.imaging import rle
from shared.schemas.documents import Status
from tests.drawings import HAND_TIPS, left_hand
from tools.support.examples import EXAMPLES, ROOT, example
from tools.support.pipeline import (
    await_results,
    document,
    output,
    output_names,
    picture,
    png,
    process,
    put,
)
from tools.support.pushes import authorisation, pushed

FACE = "avataaars_05.png"


@pytest.fixture
def name() -> str:
    """An upload that no other test knows."""
    return f"{uuid.uuid4().hex[:8]}/cat.png"


def _content(file: str = FACE) -> bytes:
    return (EXAMPLES / file).read_bytes()


def test_a_face_comes_back_as_mask_overlay_and_cutout(system: Stack, name: str) -> None:
    outcome = process(system, name, _content())
    assert outcome.status is Status.SEGMENTED
    assert output_names(system, name) == {
        "prompts.json", "mask.png", "overlay.png", "cutout.png",
        "face-1/mask.png", "face-1/cutout.png", "result.json",
    }  # fmt: skip
    image = example(FACE)
    mask = picture(system, f"{name}/mask.png")
    assert mask.shape == image.shape[:2]
    assert set(np.unique(mask)) == {0, 255}
    assert picture(system, f"{name}/overlay.png").shape == image.shape
    cutout = picture(system, f"{name}/cutout.png")
    kernel = np.ones((3, 3), np.uint8)
    assert (cutout[cv2.dilate(mask, kernel) == 0] == 0).all()
    inner = cv2.erode(mask, kernel) > 0
    assert (cutout[inner][:, 3] == 255).all()
    assert (cutout[inner][:, :3] == image[inner]).all()


def test_the_result_describes_the_pictures(system: Stack, name: str) -> None:
    process(system, name, _content())
    result = document(system, f"{name}/result.json")
    (instance,) = result["instances"]
    mask = picture(system, f"{name}/{instance['files']['mask']}") > 0
    size = tuple(instance["rle"]["size"])
    assert (rle.decode(instance["rle"]["counts"], size) == mask).all()
    ys, xs = np.nonzero(mask)
    assert instance["box"] == [xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]
    assert instance["area"] == mask.sum()
    assert (instance["id"], instance["label"], instance["segmenter"]) == (
        "face-1",
        "face",
        "grabcut",
    )
    assert 0 < instance["quality"] <= 1
    assert result["source"]["name"] == name
    assert (result["source"]["width"], result["source"]["height"]) == (512, 512)
    assert result["reason"] is None


@pytest.mark.parametrize("kind", ["prompts", "result"])
def test_documents_fit_their_published_schemas(system: Stack, name: str, kind: str) -> None:
    process(system, name, _content())
    schema = json.loads((ROOT / "docs" / "schemas" / f"{kind}.schema.json").read_text())
    jsonschema.validate(document(system, f"{name}/{kind}.json"), schema)


def test_every_object_tells_which_upload_and_settings_it_shows(system: Stack, name: str) -> None:
    generations = put(system, name, _content())
    await_results(system, generations)
    for blob in system.storage.list_blobs("toonmask-output", prefix=f"{name}/"):
        assert blob.metadata["source-generation"] == str(generations[name])
        assert len(blob.metadata["config"]) == 12


def test_a_hand_has_a_mask_of_its_own_and_a_side(system: Stack, name: str) -> None:
    assert process(system, name, png(left_hand())).status is Status.SEGMENTED
    (instance,) = document(system, f"{name}/result.json")["instances"]
    assert (instance["id"], instance["label"], instance["side"]) == ("hand-1", "hand", "left")
    mask = picture(system, f"{name}/hand-1/mask.png") > 0
    assert all(mask[y, x] for x, y in HAND_TIPS)
    assert mask[250, 205], "the palm"
    assert not mask[40, 40], "the ground"


def test_an_image_without_a_face_is_empty(system: Stack, name: str) -> None:
    plain = np.full((60, 80, 3), (90, 160, 220), np.uint8)
    assert process(system, name, png(plain)).status is Status.EMPTY
    assert not picture(system, f"{name}/mask.png").any()
    assert not picture(system, f"{name}/cutout.png").any()
    assert (picture(system, f"{name}/overlay.png") == plain).all()


@pytest.mark.parametrize(
    ("content", "content_type", "code"),
    [
        (b"", "image/png", "empty-file"),
        (b"hello", "text/plain", "unsupported-type"),
        (b"hello", "image/png", "unsupported-type"),
        (png(np.zeros((90, 90, 3), np.uint8))[:80], "image/png", "corrupt-image"),
    ],
)
def test_what_is_no_image_is_rejected_with_a_reason(
    system: Stack, name: str, content: bytes, content_type: str, code: str
) -> None:
    outcome = process(system, name, content, content_type)
    assert outcome.status is Status.REJECTED
    assert outcome.document.reason is not None
    assert outcome.document.reason.code == code
    assert outcome.message.endswith(".")
    assert output_names(system, name) == {"result.json"}


def test_the_same_image_gives_the_same_bytes(system: Stack, name: str) -> None:
    for run in ("1", "2"):
        process(system, f"{run}/{name}", _content("scenes/scene_22.png"))
    first, second = (document(system, f"{run}/{name}/prompts.json") for run in ("1", "2"))
    for one in (first, second):
        del one["source"]["generation"], one["source"]["name"]
    assert first == second
    assert first["instances"]
    for file in ("mask.png", "overlay.png", "cutout.png", "face-1/mask.png"):
        assert output(system, f"1/{name}/{file}") == output(system, f"2/{name}/{file}")


def test_an_overwritten_upload_shows_its_newest_picture_and_nothing_of_the_old(
    system: Stack, name: str
) -> None:
    process(system, name, _content())
    plain = np.full((60, 80, 3), 200, np.uint8)
    assert process(system, name, png(plain)).status is Status.EMPTY
    assert picture(system, f"{name}/mask.png").shape == (60, 80)
    _await_names(
        system, name, "prompts.json", "mask.png", "overlay.png", "cutout.png", "result.json"
    )
    assert process(system, name, b"no image").status is Status.REJECTED
    _await_names(system, name, "result.json")


def _await_names(system: Stack, upload: str, *names: str) -> None:
    """Until no more than these are left: strays are deleted after result.json is written."""
    while output_names(system, upload) != set(names):
        time.sleep(0.05)


def test_a_turned_photo_is_upright_in_all_pictures(system: Stack, name: str) -> None:
    upright = PillowImage.open(EXAMPLES / "astronaut.jpg").crop((0, 0, 512, 400))
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    upright.transpose(PillowImage.Transpose.ROTATE_90).save(buffer, "JPEG", exif=exif, quality=95)
    assert process(system, name, buffer.getvalue(), "image/jpeg").status is Status.SEGMENTED
    assert picture(system, f"{name}/mask.png").shape == (400, 512)
    (instance,) = document(system, f"{name}/result.json")["instances"]
    x0, y0, x1, y1 = instance["box"]
    assert 180 < (x0 + x1) / 2 < 260
    assert 60 < (y0 + y1) / 2 < 180


@pytest.mark.slow
def test_many_images_at_once_give_as_many_results(system: Stack) -> None:
    """Every fifth shows a face, the others are plain: the pipeline is to work, not the models."""
    count = 80 if system.broker == "embedded" else 40
    folder = uuid.uuid4().hex[:8]
    face = PillowImage.open(EXAMPLES / FACE).convert("RGB").resize((96, 96))
    plain = PillowImage.new("RGB", (96, 96), (90, 160, 220))
    generations: dict[str, int] = {}
    for number in range(count):
        image = plain if number % 5 else face
        image.putpixel((0, 0), (number, 0, 0))
        generations |= put(system, f"{folder}/{number}.png", png(np.asarray(image)))
    outcomes = await_results(system, generations)
    assert len(outcomes) == count
    results = list(
        system.storage.list_blobs("toonmask-output", match_glob=f"{folder}/**/result.json")
    )
    assert len(results) == count
    assert all(blob.metageneration == 1 for blob in results)
    statuses = Counter(outcome.status for outcome in outcomes.values())
    assert statuses == {Status.SEGMENTED: count // 5, Status.EMPTY: count - count // 5}


def test_the_function_takes_eventarcs_direct_event(system: Stack, name: str) -> None:
    """Its own notification is told as well; both lead to the same, single result."""
    generations = put(system, name, _content())
    blob = system.storage.bucket(INPUT_BUCKET).get_blob(name)
    event = {
        "bucket": INPUT_BUCKET, "name": name, "generation": str(blob.generation),
        "contentType": "image/png", "size": str(blob.size),
    }  # fmt: skip
    url = _url(system, "landmarks")
    answer = requests.post(
        url,
        json=event,
        headers={
            **authorisation(system, url),
            "ce-id": "1",
            "ce-source": f"//storage.googleapis.com/projects/_/buckets/{INPUT_BUCKET}",
            "ce-specversion": "1.0",
            "ce-type": "google.cloud.storage.object.v1.finalized",
        },
        timeout=60,
    )
    assert answer.status_code == 200
    assert await_results(system, generations)[name].status is Status.SEGMENTED


@pytest.mark.parametrize("event_type", ["OBJECT_DELETE", "OBJECT_METADATA_UPDATE"])
def test_other_notifications_are_acknowledged_and_do_nothing(
    system: Stack, name: str, event_type: str
) -> None:
    body, url = pushed(b"{}", {"eventType": event_type}), _url(system, "landmarks")
    answer = requests.post(url, json=body, headers=authorisation(system, url), timeout=60)
    assert answer.status_code == 200
    assert output_names(system, name) == set()


def test_the_sam2_service_lets_no_stranger_in(system: Stack) -> None:
    url = _url(system, "iam-proxy")
    assert requests.post(url, json={}, timeout=10).status_code == 403
    headers = {"Authorization": "Bearer forged"}
    assert requests.post(url, json={}, headers=headers, timeout=10).status_code == 401


def _url(system: Stack, part: str) -> str:
    return f"http://127.0.0.1:{system.processes.port(part)}/"
