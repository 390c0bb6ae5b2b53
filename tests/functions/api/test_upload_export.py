"""GET /v1/uploads/export: the results in the buckets as an archive with a dataset."""

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
import requests
from flask.testing import FlaskClient
from google.cloud import storage as gcs
from pycocotools.coco import COCO

from shared.gcp.stored_results import StoredResults
from shared.imaging.geometry import BoolMask
from shared.schemas.documents import Status
from tests.functions.api.service import client, problem, served
from tests.functions.api.uploads import PICTURE, put_upload, write_result
from tests.shared.export.masks import stored_instance
from tests.shared.segmentation_runs import output

PATH = "/v1/uploads/export"
FACE = np.zeros((300, 500), bool)
FACE[30:200, 40:300] = True
FACE[60:70, 80:90] = False


def _process(
    bucket: gcs.Bucket, name: str, masks: Sequence[BoolMask] = (FACE,), content: bytes = PICTURE
) -> None:
    instances = tuple(stored_instance(mask, index=index) for index, mask in enumerate(masks))
    pictures = {name: PICTURE for item in instances for name in item.files.model_dump().values()}
    generation = put_upload(bucket, name, content)
    status = Status.SEGMENTED if masks else Status.EMPTY
    write_result(bucket, name, generation, status, pictures, instances=instances)


def _archive(api: FlaskClient, **query: Any) -> dict[str, bytes]:
    response = api.get(PATH, query_string={"format": "coco", "split": 1, **query})
    assert (response.status_code, response.mimetype) == (200, "application/zip"), response.text
    return _unpacked(response.data)


def _unpacked(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert len(set(archive.namelist())) == len(archive.namelist())
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_results_are_a_dataset_with_images(
    api: FlaskClient, bucket: gcs.Bucket, tmp_path: Path
) -> None:
    for name in ("album/cat.png", "album/CAT.png", "album/dog.jpg", "other.png"):
        _process(bucket, name, content=name.encode())
    _process(bucket, "album/empty.png", [])
    write_result(bucket, "album/bad.png", put_upload(bucket, "album/bad.png"), Status.FAILED)
    files = _archive(api, prefix="album/", images="true")
    document = json.loads(files["annotations/instances_train.json"])
    images = {image["upload"]: image["file_name"] for image in document["images"]}
    assert set(images) == {"album/cat.png", "album/CAT.png", "album/dog.jpg"}
    assert len(files) == 4
    for upload, path in images.items():
        assert files[f"images/train/{path}"] == upload.encode()
    (tmp_path / "instances.json").write_bytes(files["annotations/instances_train.json"])
    read: Any = COCO(str(tmp_path / "instances.json"))
    assert len(read.anns) == 3
    assert all((read.annToMask(item) == FACE).all() for item in read.anns.values())
    assert _archive(api, prefix="album/", images="true") == files, "the same bytes"


def test_empty_images_and_other_formats_on_request(api: FlaskClient, bucket: gcs.Bucket) -> None:
    _process(bucket, "cat.png")
    _process(bucket, "empty.png", [])
    assert set(_archive(api, format="yolo")) == {"labels/train/cat.txt", "data.yaml"}
    with_empty = _archive(api, format="yolo", empty="true")
    assert with_empty["labels/train/empty.txt"] == b""
    assert set(_archive(api, format="labelme")) == {"images/train/cat.json"}
    assert set(_archive(api, format="coco", split=0)) == {"annotations/instances_val.json"}
    assert b"<image" in _archive(api, format="svg", images="true")["svg/train/cat.svg"]


def test_no_results_are_an_error(api: FlaskClient, bucket: gcs.Bucket) -> None:
    _process(bucket, "empty.png", [])
    response = api.get(PATH, query_string={"format": "coco"})
    assert f"gs://{bucket.name}/" in problem(response, 404, "no-results")
    assert "no-buckets" in client().get(PATH, query_string={"format": "coco"}).text


@pytest.mark.parametrize(
    ("limit", "value"), [("MOST_RESULTS", 2), ("_MOST_LISTED", 2), ("_MOST_BYTES", 2000)]
)
def test_too_many_results_are_refused_before_anything_is_sent(
    api: FlaskClient,
    bucket: gcs.Bucket,
    monkeypatch: pytest.MonkeyPatch,
    limit: str,
    value: int,
) -> None:
    for number in range(3):
        _process(bucket, f"{number}.png")
    assert len(_archive(api)) == 1
    monkeypatch.setattr(f"shared.api.dataset_archive.{limit}", value)
    assert len(_archive(api, prefix="0")) == 1
    response = api.get(PATH, query_string={"format": "coco"})
    assert "make export" in problem(response, 413, "too-many-results")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "format is missing"),
        ({"format": "cutouts"}, "format must be"),
        ({"format": "coco", "split": "2"}, "split must be at most 1"),
        ({"format": "coco", "images": "perhaps"}, "images must be true or false"),
    ],
)
def test_invalid_parameters_are_named(
    api: FlaskClient, query: dict[str, str], sentence: str
) -> None:
    assert sentence in problem(api.get(PATH, query_string=query), 422, "bad-field")


def test_what_cannot_be_read_is_named_in_the_archive(api: FlaskClient, bucket: gcs.Bucket) -> None:
    for name in ("broken.png", "cat.png", "gone.png", "size.png"):
        _process(bucket, name)
    results = output(bucket)
    broken = results.get_blob("broken.png/result.json")
    broken.upload_from_string("{")
    put_upload(bucket, "gone.png")
    other = json.loads(results.blob("size.png/result.json").download_as_bytes())
    other["source"]["width"] = 7
    results.blob("size.png/result.json").upload_from_string(json.dumps(other))
    files = _archive(api, images="true")
    assert set(files) == {
        "annotations/instances_train.json", "images/train/cat.png", "not-exported.txt"
    }  # fmt: skip
    lines = files["not-exported.txt"].decode().splitlines()
    assert [line.partition(": ")[0] for line in lines] == ["broken.png", "gone.png", "size.png"]
    assert "its result.json is invalid" in lines[0]
    assert "it was replaced while it was read" in lines[1]
    assert "another size" in lines[2]


def test_files_of_an_image_are_of_one_generation(api: FlaskClient, bucket: gcs.Bucket) -> None:
    """After the result has been read, another upload replaces it, and has no face."""
    _process(bucket, "cat.png", content=b"first")
    read, changes = StoredResults.read, iter([None])

    def replacing(self: StoredResults, *arguments: Any) -> Any:
        found = read(self, *arguments)
        for _ in changes:
            _process(bucket, "cat.png", [~FACE], b"second")
        return found

    with mock.patch.object(StoredResults, "read", replacing):
        files = _archive(api, images="true", format="coco-rle")
    document = json.loads(files["annotations-rle/instances_train.json"])
    assert files["images/train/cat.png"] == b"second"
    assert [item["area"] for item in document["annotations"]] == [int((~FACE).sum())]


def test_an_archive_is_streamed(bucket: gcs.Bucket, tmp_path: Path) -> None:
    large = np.random.default_rng(0).bytes(5 * 2**20)
    for number in range(3):
        _process(bucket, f"{number}.png", content=large)
    settings = {"INPUT_BUCKET": bucket.name, "OUTPUT_BUCKET": output(bucket).name}
    query = "format=yolo&images=true&split=1"
    with (
        served(tmp_path, settings) as url,
        requests.get(f"{url}{PATH}?{query}", stream=True, timeout=60) as response,
    ):
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert response.headers["Content-Disposition"] == 'attachment; filename="yolo.zip"'
        files = _unpacked(b"".join(response.iter_content(2**16)))
    assert files["images/train/2.png"] == large


def test_few_archives_are_sent_at_a_time(api: FlaskClient, bucket: gcs.Bucket) -> None:
    _process(bucket, "cat.png")
    unread = [api.get(PATH, query_string={"format": "coco"}) for _ in range(2)]
    problem(api.get(PATH, query_string={"format": "coco"}), 429, "busy")
    for response in unread:
        _unpacked(response.data)
        response.close()
    assert _archive(api)
