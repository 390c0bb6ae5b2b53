"""The results of several uploads in one archive."""

import io
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import requests
from flask.testing import FlaskClient
from google.api_core.exceptions import ServiceUnavailable
from google.cloud import storage as gcs

from shared.gcp.gcs import Storage
from shared.schemas.documents import Status
from tests.functions.api.service import client, problem, served
from tests.functions.api.uploads import put_upload, write_result
from tests.shared.segmentation_runs import output

MIB = 2**20
Begin = Callable[[list[tuple[str, int]]], requests.Response]
FILES = ("result.json", "mask.png", "overlay.png", "cutout.png")


def _selected(uploads: list[tuple[str, int]]) -> dict[str, Any]:
    return {"uploads": [{"name": name, "generation": number} for name, number in uploads]}


def _archive(api: FlaskClient, *uploads: tuple[str, int]) -> tuple[dict[str, bytes], list[Any]]:
    """Returns the files of an archive, and what it says about each upload."""
    response = api.post("/v1/uploads/archive", json=_selected(list(uploads)))
    assert (response.status_code, response.mimetype) == (200, "application/zip")
    assert response.headers["Content-Disposition"].startswith("attachment")
    return _unpacked(response.data)


def _unpacked(archive: bytes) -> tuple[dict[str, bytes], list[Any]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        assert file.testzip() is None
        files = {name: file.read(name) for name in file.namelist()}
    return files, json.loads(files.pop("outcomes.json"))["outcomes"]


def _put_result(bucket: gcs.Bucket, name: str) -> tuple[str, int]:
    generation = put_upload(bucket, name)
    write_result(bucket, name, generation, Status.EMPTY)
    return name, generation


def test_an_archive_has_all_files_of_each_result_unchanged(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    folders = {
        "album/cät.png": "album/cät.png",
        "b.png": "b.png",
        "album/cät.png/dog.png": "album/cät.png_/dog.png",
    }
    files, outcomes = _archive(api, *(_put_result(bucket, name) for name in folders))
    assert files == {
        f"{folder}/{file}": output(bucket).blob(f"{name}/{file}").download_as_bytes()
        for name, folder in folders.items()
        for file in FILES
    }
    assert [(item["name"], item["outcome"]) for item in outcomes] == [
        (name, "done") for name in folders
    ]


def test_paths_of_an_archive_are_safe_and_unique(api: FlaskClient, bucket: gcs.Bucket) -> None:
    names = ["Cat.png", "cat.png", "../up.png", "12:30.png", "\u202egnp.exe", "outcomes.json"]
    files, _ = _archive(api, *(_put_result(bucket, name) for name in names))
    folders = {path.removesuffix("/result.json") for path in files if path.endswith("result.json")}
    assert set(files) == {f"{folder}/{file}" for folder in folders for file in FILES}
    cats = {folder for folder in folders if folder.casefold().startswith("cat~")}
    assert len({cat.casefold() for cat in cats}) == 2
    assert folders - cats == {"_/up.png", "12_30.png", "_gnp.exe.png", "outcomes.json.png"}


def test_only_results_of_the_generation_that_was_seen_are_in_an_archive(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    done = _put_result(bucket, "done.png")
    replaced = _put_result(bucket, "replaced.png")
    newer = _put_result(bucket, "replaced.png")
    waiting = _put_result(bucket, "waiting.png")
    waiting = ("waiting.png", put_upload(bucket, "waiting.png"))
    failed = ("failed.png", put_upload(bucket, "failed.png"))
    write_result(bucket, *failed, Status.FAILED)
    chosen = [done, replaced, waiting, failed, ("gone.png", 7)]
    files, outcomes = _archive(api, *chosen)
    assert [item["outcome"] for item in outcomes] == [
        "done", "superseded", "no-result", "done", "gone",
    ]  # fmt: skip
    assert {path.partition("/")[0] for path in files} == {"done.png", "failed.png"}
    assert _archive(api, newer)[1][0]["outcome"] == "done"


@pytest.mark.parametrize("change", ["missing", "another", "foreign", "unreadable", "unavailable"])
def test_a_result_whose_files_do_not_fit_together_is_reported(
    api: FlaskClient, bucket: gcs.Bucket, change: str
) -> None:
    good, bad = _put_result(bucket, "good.png"), _put_result(bucket, "bad.png")
    mask = output(bucket).get_blob("bad.png/mask.png")
    result = output(bucket).get_blob("bad.png/result.json")
    find = Storage.find
    match change:
        case "missing":
            mask.delete()
        case "another":
            mask.metadata = {**mask.metadata, "shown": "0123456789ab"}
            mask.patch()
        case "foreign":
            output(bucket).blob(mask.name).upload_from_string(b"of another program")
        case "unreadable":
            result.upload_from_string(b"{}")

    def unavailable(self: Storage, bucket: str, name: str) -> Any:
        if change == "unavailable" and name == "bad.png/mask.png":
            raise ServiceUnavailable("x")
        return find(self, bucket, name)

    with mock.patch.object(Storage, "find", unavailable):
        files, outcomes = _archive(api, bad, good)
    assert [item["outcome"] for item in outcomes] == ["failed", "done"]
    assert outcomes[0]["detail"]
    assert set(files) == {f"good.png/{file}" for file in FILES}


def test_a_result_that_names_files_of_others_gives_away_none(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    name, generation = _put_result(bucket, "cat.png")
    result = output(bucket).get_blob("cat.png/result.json")
    document = json.loads(result.download_as_bytes())
    document["outputs"]["preview"] = "../secret.png"
    result.upload_from_string(json.dumps(document))
    output(bucket).blob("secret.png").upload_from_string(b"secret")
    files, _ = _archive(api, (name, generation))
    assert set(files) == {f"cat.png/{file}" for file in FILES}


def test_a_picture_that_is_replaced_while_an_archive_is_sent_is_reported(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    chosen = _put_result(bucket, "cat.png")
    stream = Storage.stream

    def replaced(self: Storage, ref: Any, max_bytes: int) -> Iterator[bytes]:
        if ref.name == "cat.png/overlay.png":
            output(bucket).blob(ref.name).upload_from_string(b"another")
        return stream(self, ref, max_bytes)

    with mock.patch.object(Storage, "stream", replaced):
        files, outcomes = _archive(api, chosen)
    assert outcomes[0]["outcome"] == "failed"
    assert set(files) == {"cat.png/result.json", "cat.png/mask.png"}


@pytest.fixture
def large(bucket: gcs.Bucket) -> list[tuple[str, int]]:
    """Uploads whose results have 80 MiB together."""
    uploads = [_put_result(bucket, f"{number}.png") for number in range(5)]
    for name, _ in uploads:
        overlay = output(bucket).get_blob(f"{name}/overlay.png")
        overlay.upload_from_string(bytes(16 * MIB))
    return uploads


@contextmanager
def _begun(logs: Path, bucket: gcs.Bucket, **settings: str) -> Iterator[Begin]:
    """Runs the API, and yields a function that begins to load an archive without reading it."""
    buckets = {"INPUT_BUCKET": bucket.name, "OUTPUT_BUCKET": output(bucket).name}
    with served(logs, {**buckets, "THREADS": "8", **settings}) as url, ExitStack() as responses:

        def begin(uploads: list[tuple[str, int]]) -> requests.Response:
            address, body = f"{url}/v1/uploads/archive", _selected(uploads)
            response = requests.post(address, json=body, stream=True, timeout=60)
            return responses.enter_context(response)

        yield begin


def test_an_archive_that_nobody_reads_is_one_of_four_downloads(
    tmp_path: Path, bucket: gcs.Bucket, large: list[tuple[str, int]]
) -> None:
    with _begun(tmp_path, bucket) as begin:
        held = [begin(large) for _ in range(4)]
        assert [response.status_code for response in held] == [200] * 4
        assert begin(large).status_code == 429
        files, outcomes = _unpacked(held[0].content)
        assert [item["outcome"] for item in outcomes] == ["done"] * 5
        assert sum(map(len, files.values())) > 80 * MIB
        assert begin(large).status_code == 200


def test_an_archive_that_takes_too_long_is_never_complete(
    tmp_path: Path, bucket: gcs.Bucket, large: list[tuple[str, int]]
) -> None:
    with _begun(tmp_path, bucket, MAX_SEND="2") as begin:
        held = [begin(large) for _ in range(4)]
        deadline = time.monotonic() + 60
        while begin(large).status_code == 429:
            assert time.monotonic() < deadline
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            _ = held[0].content


def test_a_client_without_the_key_gets_no_archive(bucket: gcs.Bucket) -> None:
    api = client(INPUT_BUCKET=bucket.name, OUTPUT_BUCKET=output(bucket).name, API_KEY="key")
    chosen = _selected([_put_result(bucket, "cat.png")])
    problem(api.post("/v1/uploads/archive", json=chosen), 401, "no-key")
