"""The results of frames, over HTTP."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.cloud import storage as gcs
from PIL import Image as PillowImage

from tests.functions.api.service import client, problem, send
from tests.shared.pipeline.frames import COLOURS, GIF, Flow, find_a_face_in_everything
from tests.topics import TOPIC, Topic, serving_topic

NAME = "a.gif"
FILES = (
    "result.json", "mask.png", "overlay.png", "cutout.png", "face-1/mask.png", "face-1/cutout.png"
)  # fmt: skip


@pytest.fixture
def topic() -> Iterator[Topic]:
    with serving_topic() as serving:
        yield serving


@pytest.fixture
def flow(bucket: gcs.Bucket, topic: Topic, monkeypatch: pytest.MonkeyPatch) -> Flow:
    """An upload with three frames, which has its results."""
    find_a_face_in_everything(monkeypatch)
    flow = Flow(bucket, topic)
    flow.process()
    return flow


@pytest.fixture
def frames_api(flow: Flow) -> FlaskClient:
    return client(
        INPUT_BUCKET=flow.bucket.name, OUTPUT_BUCKET=flow.results.name, PROMPTS_TOPIC=TOPIC
    )


def _listed(api: FlaskClient) -> Any:
    response: Any = api.get("/v1/uploads")
    (upload,) = response.json["uploads"]
    return upload


def _get(api: FlaskClient, part: str, **query: Any) -> Any:
    return api.get(f"/v1/uploads/{part}", query_string={"name": NAME, **query})


def test_a_result_is_that_of_the_upload_or_of_its_frame(frames_api: FlaskClient) -> None:
    assert [one["number"] for one in _get(frames_api, "result").json["frames"]] == [1, 2, 3]
    frame = _get(frames_api, "result", frame=2).json
    assert frame["source"]["frame"] == {"number": 2, "count": 3}
    problem(_get(frames_api, "result", frame=4), 404, "no-result")
    problem(_get(frames_api, "result", frame=0), 422, "bad-field")


def test_an_upload_with_frames_is_listed_once(frames_api: FlaskClient) -> None:
    upload = _listed(frames_api)
    assert (upload["name"], upload["state"]) == (NAME, "degraded")


def test_pictures_are_those_of_a_frame_else_of_the_first(
    flow: Flow, frames_api: FlaskClient
) -> None:
    generation = flow.result().source.generation

    def content(picture: str, **query: Any) -> bytes:
        response = _get(frames_api, "picture", generation=generation, picture=picture, **query)
        assert response.status_code == 200, response.text
        return bytes(response.data)

    stored = [
        flow.results.blob(f"{NAME}/frame-{number:04}/overlay.png").download_as_bytes()
        for number in (1, 2, 3)
    ]
    assert content("overlay.png", revision=7) == stored[0]
    assert [content("overlay.png", frame=n, revision=0) for n in (1, 2, 3)] == stored
    assert content("original") == GIF
    for number, colour in enumerate(COLOURS, 1):
        original = PillowImage.open(io.BytesIO(content("original", frame=number, revision=7)))
        assert original.getpixel((0, 0)) == colour
        small = PillowImage.open(io.BytesIO(content("original", frame=number, side=16)))
        assert max(small.size) == 16
    old = _get(frames_api, "picture", generation=generation - 1, picture="mask.png", frame=1)
    problem(old, 404, "no-picture")


def test_frames_are_corrected_one_by_one_and_checked_together(
    flow: Flow, frames_api: FlaskClient, topic: Topic
) -> None:
    generation = flow.result().source.generation
    assert _get(frames_api, "prompts").json["frames"] == 3
    assert len(_get(frames_api, "prompts", frame=3).json["instances"]) == 1
    body = {"name": NAME, "generation": generation, "revision": 0, "instances": []}
    detail = problem(frames_api.post("/v1/uploads/prompts", json=body), 422, "has-frames")
    assert "has 3 frames" in detail
    saved = frames_api.post("/v1/uploads/prompts", json={**body, "frame": 3})
    assert saved.json == {"revision": 1}
    flow.segment(*topic.messages())
    assert _get(frames_api, "result", frame=3).json["status"] == "empty"
    check = {"name": NAME, "generation": generation, "checked": True}
    outdated = frames_api.post("/v1/uploads/checked", json={**check, "revision": 0})
    problem(outdated, 409, "newer-correction")
    for more in ({"revision": 1}, {"revision": 0, "frame": 2}):
        marked = frames_api.post("/v1/uploads/checked", json={**check, **more})
        assert marked.json == {"checked": True}
    upload = _listed(frames_api)
    assert (upload["checked"], upload["revision"]) == (True, 1)


def test_an_export_has_an_image_for_each_frame(frames_api: FlaskClient) -> None:
    query = {"format": "coco", "split": 1, "images": "true"}
    response = frames_api.get("/v1/uploads/export", query_string=query)
    with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        images = sorted(name for name in archive.namelist() if name.endswith(".png"))
        assert images == [f"images/train/a.gif_/frame-{number:04}.png" for number in (1, 2, 3)]
        for name, colour in zip(images, COLOURS, strict=True):
            picture = PillowImage.open(io.BytesIO(archive.read(name)))
            assert picture.getpixel((0, 0)) == colour
        assert "not-exported.txt" not in archive.namelist()


def test_a_request_chooses_a_frame_of_its_image(frames_api: FlaskClient) -> None:
    problem(send(frames_api, GIF, {"frame": "4"}), 404, "no-such-frame")
    problem(send(frames_api, GIF, {"frame": "0"}), 422, "bad-field")
    pixels = {}
    accept = {"Accept": "image/png"}
    for frame in ("1", "3"):
        response = send(frames_api, GIF, {"frame": frame}, query="?output=cutout", headers=accept)
        cutout = PillowImage.open(io.BytesIO(response.data)).convert("RGB")
        pixels[frame] = cutout.getpixel((30, 20))
    assert pixels == {"1": COLOURS[0], "3": COLOURS[2]}


def test_an_archive_has_a_folder_for_each_frame(flow: Flow, frames_api: FlaskClient) -> None:
    chosen = {"name": NAME, "generation": flow.result().source.generation}
    response = frames_api.post("/v1/uploads/archive", json={"uploads": [chosen]})
    with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
        (outcome,) = json.loads(archive.read("outcomes.json"))["outcomes"]
        assert outcome["outcome"] == "done"
        files = set(archive.namelist()) - {"outcomes.json"}
        own = {"result.json", *(f"frame-000{n}/{name}" for n in (1, 2, 3) for name in FILES)}
        assert files == {f"{NAME}/{name}" for name in own}
        for name in own:
            stored = flow.results.blob(f"{NAME}/{name}").download_as_bytes()
            assert archive.read(f"{NAME}/{name}") == stored


def test_a_deletion_takes_all_frames_and_nothing_of_others(flow: Flow) -> None:
    others = (f"{NAME}/frame-0002/dog.png/mask.png", f"{NAME}/frame-9/mask.png")
    for name in others:
        flow.results.blob(name).upload_from_string(b"of another upload")
    api = client(INPUT_BUCKET=flow.bucket.name, OUTPUT_BUCKET=flow.results.name, CAN_DELETE="true")
    chosen = {"name": NAME, "generation": flow.result().source.generation}
    response: Any = api.post("/v1/uploads/delete", json={"uploads": [chosen]})
    assert [item["outcome"] for item in response.json["outcomes"]] == ["done"]
    assert {blob.name for blob in flow.results.list_blobs()} == set(others)
    assert not list(flow.bucket.list_blobs())
