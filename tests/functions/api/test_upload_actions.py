"""Actions for several uploads: process again, and delete. Each is for the generation seen."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from flask.testing import FlaskClient
from google.api_core.exceptions import Forbidden, ServiceUnavailable
from google.cloud import pubsub_v1
from google.cloud import storage as gcs
from google.pubsub_v1 import types

from local.processes import ProcessTree, free_ports
from shared.api.upload_selection import ChosenUpload, Outcome, OutcomeCode
from shared.gcp.events import Message, parse_upload
from shared.gcp.gcs import ObjectRef
from shared.schemas import object_names
from shared.schemas.documents import Status
from tests.functions.api.service import client, problem
from tests.functions.api.uploads import PICTURE, put_upload, write_result
from tests.shared.segmentation_runs import output

TOPIC = "projects/p/topics/uploads"
SUBSCRIPTION = "projects/p/subscriptions/uploads"
FACE = {"face-1/mask.png": PICTURE, "face-1/cutout.png": PICTURE}
PATHS = ("rerun", "delete", "archive")


@pytest.fixture
def api(bucket: gcs.Bucket) -> FlaskClient:
    """The API, which may do everything."""
    buckets = {"INPUT_BUCKET": bucket.name, "OUTPUT_BUCKET": output(bucket).name}
    return client(**buckets, UPLOADS_TOPIC=TOPIC, CAN_DELETE="true")


def _post(api: FlaskClient, action: str, uploads: Sequence[tuple[str, int]]) -> Any:
    chosen = [{"name": name, "generation": str(generation)} for name, generation in uploads]
    return api.post(f"/v1/uploads/{action}", json={"uploads": chosen})


def _outcomes(api: FlaskClient, action: str, *uploads: tuple[str, int]) -> dict[str, str]:
    """Returns the outcomes by name."""
    response = _post(api, action, uploads)
    assert response.status_code == 200, response.text
    return {item["name"]: item["outcome"] for item in response.get_json()["outcomes"]}


def _names(bucket: gcs.Bucket) -> set[str]:
    return {blob.name for blob in bucket.list_blobs()}


@pytest.fixture
def subscriber(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[pubsub_v1.SubscriberClient]:
    """A client of the embedded broker, which has the topic of uploads with a subscription."""
    (port,) = free_ports(1)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
    with ProcessTree(tmp_path / "broker") as tree:
        tree.start("broker", [sys.executable, "-m", "local.broker", "--port", str(port)], {}, port)
        tree.await_ready()
        pubsub_v1.PublisherClient().create_topic(name=TOPIC)
        subscriber = pubsub_v1.SubscriberClient()
        subscriber.create_subscription(request=types.Subscription(name=SUBSCRIPTION, topic=TOPIC))
        yield subscriber


def test_exactly_the_uploads_that_were_seen_are_processed_again(
    api: FlaskClient, bucket: gcs.Bucket, subscriber: pubsub_v1.SubscriberClient
) -> None:
    names = ["album/cät 1.png", "b.png"]
    seen = [(name, put_upload(bucket, name)) for name in names]
    old = put_upload(bucket, "new.png")
    put_upload(bucket, "new.png")
    assert _outcomes(api, "rerun", *seen, ("new.png", old), ("gone.png", 7)) == {
        **dict.fromkeys(names, "done"), "new.png": "superseded", "gone.png": "gone",
    }  # fmt: skip
    pulled = subscriber.pull(subscription=SUBSCRIPTION, max_messages=9, timeout=30)
    events = [
        parse_upload(Message(item.message.data, item.message.attributes))
        for item in pulled.received_messages
    ]
    assert {(event.ref, event.content_type, event.size) for event in events if event} == {
        (ObjectRef(bucket.name, name, generation), "image/png", len(PICTURE))
        for name, generation in seen
    }


@pytest.mark.parametrize(
    ("error", "why"), [(Forbidden("no"), "refused with 403"), (ServiceUnavailable("x"), "is not")]
)
def test_an_error_of_one_upload_is_its_outcome_and_ends_no_other(
    api: FlaskClient, bucket: gcs.Bucket, error: Exception, why: str
) -> None:
    seen = [(name, put_upload(bucket, name)) for name in ("a.png", "b.png", "c.png")]
    with mock.patch(
        "shared.gcp.publisher.Publisher.publish_upload", side_effect=[None, error, None]
    ):
        response = _post(api, "rerun", seen)
    outcomes = response.get_json()["outcomes"]
    assert sorted(item["outcome"] for item in outcomes) == ["done", "done", "failed"]
    (failed,) = [item for item in outcomes if item["outcome"] == "failed"]
    assert why in failed["detail"]


def test_uploads_that_are_not_begun_in_time_fail(api: FlaskClient, bucket: gcs.Bucket) -> None:
    seen = ("a.png", put_upload(bucket, "a.png"))
    with mock.patch("shared.api.upload_selection._ACTION_SECONDS", 0):
        response = _post(api, "delete", [seen])
    (outcome,) = response.get_json()["outcomes"]
    assert outcome["outcome"] == "failed"
    assert "Send it again" in outcome["detail"]
    assert _names(bucket) == {"a.png"}


def test_an_upload_is_deleted_with_its_own_results_only(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    others = ["cat.png/dog.png", "cat.png/face-1/x.png", "cat.png2"]
    for name in others:
        write_result(bucket, name, put_upload(bucket, name), Status.EMPTY, more=FACE)
    kept = _names(output(bucket))
    output(bucket).blob("cat.png/notes.txt").upload_from_string("of somebody else")
    seen = put_upload(bucket, "cat.png")
    write_result(bucket, "cat.png", seen, Status.SEGMENTED, more=FACE)
    output(bucket).blob("cat.png/prompts.json").upload_from_string("{}")
    assert _outcomes(api, "delete", ("cat.png", seen)) == {"cat.png": "done"}
    assert _names(bucket) == set(others)
    assert _names(output(bucket)) == {*kept, "cat.png/notes.txt"}


@pytest.mark.parametrize(
    "name",
    ["../up.png", "cat.png/face-1", "album/", "x~0123456789abcdef", "ä" * 501, "a//b", "\u202e"],
)
def test_uploads_of_any_name_are_deleted(api: FlaskClient, bucket: gcs.Bucket, name: str) -> None:
    seen = put_upload(bucket, name)
    write_result(bucket, name, seen, Status.FAILED)
    assert _names(output(bucket)) == {f"{object_names.folder(name)}result.json"}
    assert _outcomes(api, "delete", (name, seen)) == {name: "done"}
    assert _names(bucket) | _names(output(bucket)) == set()


@pytest.mark.parametrize("name", [".", "..", "a/..", "\0", "a\nb"])
@pytest.mark.parametrize("action", ["rerun", "delete"])
def test_names_that_no_object_can_have_are_gone(
    api: FlaskClient, bucket: gcs.Bucket, action: str, name: str
) -> None:
    put_upload(bucket, "a.png")
    (outcome,) = _outcomes(api, action, (name, 7)).values()
    assert outcome in ("gone", "superseded", "failed")
    assert _names(bucket) == {"a.png"}


def test_a_newer_upload_and_its_results_stay(api: FlaskClient, bucket: gcs.Bucket) -> None:
    seen = put_upload(bucket, "cat.png")
    newer = put_upload(bucket, "cat.png")
    write_result(bucket, "cat.png", newer, Status.EMPTY)
    before = _names(output(bucket))
    assert _outcomes(api, "delete", ("cat.png", seen)) == {"cat.png": "superseded"}
    assert _names(bucket) == {"cat.png"}
    assert _names(output(bucket)) == before


def test_an_upload_that_is_replaced_during_its_deletion_stays(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    seen = put_upload(bucket, "cat.png")
    write_result(bucket, "cat.png", seen, Status.EMPTY)
    delete = gcs.Blob.delete

    def replaced_first(self: gcs.Blob, *args: Any, **kwargs: Any) -> None:
        if self.bucket.name == bucket.name:
            put_upload(bucket, "cat.png", b"newer")
        delete(self, *args, **kwargs)

    with mock.patch.object(gcs.Blob, "delete", replaced_first):
        assert _outcomes(api, "delete", ("cat.png", seen)) == {"cat.png": "superseded"}
    assert bucket.blob("cat.png").download_as_bytes() == b"newer"


@pytest.mark.parametrize("successes", range(6))
def test_a_deletion_that_was_interrupted_is_completed_by_the_next(
    api: FlaskClient, bucket: gcs.Bucket, successes: int
) -> None:
    """While anything of it is left, the upload is listed; no result is there without its files."""
    seen = put_upload(bucket, "cat.png")
    write_result(bucket, "cat.png", seen, Status.SEGMENTED, more=FACE)
    delete, calls = gcs.Blob.delete, list[str]()

    def interrupted(self: gcs.Blob, *args: Any, **kwargs: Any) -> None:
        if len(calls) == successes:
            raise ServiceUnavailable("x")
        calls.append(self.name)
        delete(self, *args, **kwargs)

    with mock.patch.object(gcs.Blob, "delete", interrupted):
        assert _outcomes(api, "delete", ("cat.png", seen)) == {"cat.png": "failed"}
    left = _names(output(bucket))
    assert _names(bucket) == {"cat.png"}
    assert successes == 0 or "cat.png/result.json" not in left
    assert _outcomes(api, "delete", ("cat.png", seen)) == {"cat.png": "done"}
    assert _names(bucket) | _names(output(bucket)) == set()


def test_a_result_that_arrives_after_the_deletion_is_deleted_by_another(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    seen = put_upload(bucket, "cat.png")
    response = _post(api, "delete", [("cat.png", seen)])
    (outcome,) = response.get_json()["outcomes"]
    assert outcome["outcome"] == "done"
    assert "delete it again" in outcome["detail"]
    write_result(bucket, "cat.png", seen, Status.EMPTY)
    assert _outcomes(api, "delete", ("cat.png", seen)) == {"cat.png": "done"}
    assert _names(output(bucket)) == set()
    assert _outcomes(api, "delete", ("cat.png", seen)) == {"cat.png": "gone"}


def test_a_result_that_is_being_written_keeps_its_upload(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    seen = put_upload(bucket, "cat.png")
    write_result(bucket, "cat.png", seen, Status.EMPTY)
    delete = gcs.Blob.delete

    def rewritten_first(self: gcs.Blob, *args: Any, **kwargs: Any) -> None:
        if self.name == "cat.png/mask.png":
            output(bucket).blob(self.name).upload_from_string(b"another")
        delete(self, *args, **kwargs)

    with mock.patch.object(gcs.Blob, "delete", rewritten_first):
        assert _outcomes(api, "delete", ("cat.png", seen)) == {"cat.png": "failed"}
    assert _names(bucket) == {"cat.png"}


def test_an_upload_called_like_a_full_album_is_deleted_with_few_listings(
    api: FlaskClient, bucket: gcs.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.api.upload_deletion._PAGE", 10)
    seen = put_upload(bucket, "album")
    write_result(bucket, "album", seen, Status.SEGMENTED, more=FACE)
    for letter in "abefghilmpqrz":
        for number in range(15):
            blob = output(bucket).blob(f"album/{letter}{number:02}.png/result.json")
            blob.upload_from_string(b"{}")
    others = 13 * 15
    original, listings = gcs.Client.list_blobs, list[str]()

    def recording(self: gcs.Client, *args: Any, **kwargs: Any) -> Any:
        listings.append(kwargs["start_offset"])
        return original(self, *args, **kwargs)

    with mock.patch.object(gcs.Client, "list_blobs", recording):
        assert _outcomes(api, "delete", ("album", seen)) == {"album": "done"}
    assert len(_names(output(bucket))) == others
    assert len(listings) < others / 10 / 2


def test_each_upload_is_handled_once(api: FlaskClient, bucket: gcs.Bucket) -> None:
    seen = ("a.png", put_upload(bucket, "a.png"))
    response = _post(api, "delete", [seen, seen])
    assert [item["outcome"] for item in response.get_json()["outcomes"]] == ["done"]


@pytest.mark.parametrize("action", PATHS)
@pytest.mark.parametrize(
    "uploads",
    [
        [],
        [{"name": "a.png"}],
        [{"name": "", "generation": 1}],
        [{"name": "x" * 1025, "generation": 1}],
        [{"name": "a.png", "generation": 0}],
        [{"name": "a.png", "generation": "x"}],
        [{"name": "a.png", "generation": 2**63}],
        [{"name": "\ud800", "generation": 1}],
        [{"name": f"{number}.png", "generation": 1} for number in range(201)],
        [[]] * 100_000,
        "a.png",
    ],
)  # fmt: skip
def test_an_invalid_selection_is_refused(api: FlaskClient, action: str, uploads: Any) -> None:
    response = api.post(f"/v1/uploads/{action}", json={"uploads": uploads})
    assert problem(response, 422, "bad-field")
    assert len(response.text) < 500


@pytest.mark.parametrize("action", PATHS)
def test_a_selection_is_json_of_bounded_size_from_the_own_site(
    api: FlaskClient, action: str
) -> None:
    path = f"/v1/uploads/{action}"
    text = '{"uploads": [{"name": "a.png", "generation": 1}]}'
    problem(api.post(path, data=text, content_type="text/plain"), 415, "not-json")
    foreign = {"Origin": "https://evil.example"}
    response = api.post(path, data=text, content_type="application/json", headers=foreign)
    problem(response, 403, "foreign-origin")
    assert api.post(path, data=text, content_type="application/json").status_code == 200
    large = text + " " * 2**21
    assert api.post(path, data=large, content_type="application/json").status_code == 413
    longest = [
        {"name": "\0" * 1021 + str(number), "generation": 2**62} for number in range(100, 300)
    ]
    assert api.post(path, json={"uploads": longest}).status_code == 200


@pytest.mark.parametrize(
    ("settings", "actions"),
    [
        ({}, ["archive"]),
        ({"UPLOADS_TOPIC": TOPIC}, ["archive", "rerun"]),
        ({"CAN_DELETE": "true"}, ["archive", "delete"]),
    ],
)
def test_a_service_does_only_what_its_settings_allow_and_says_so(
    bucket: gcs.Bucket, settings: dict[str, str], actions: list[str]
) -> None:
    api = client(INPUT_BUCKET=bucket.name, OUTPUT_BUCKET=output(bucket).name, **settings)
    assert api.get("/v1/about").get_json()["actions"] == actions
    seen = ("a.png", put_upload(bucket, "a.png"))
    for action, setting in (("rerun", "UPLOADS_TOPIC"), ("delete", "CAN_DELETE")):
        if action not in actions:
            assert setting in problem(_post(api, action, [seen]), 403, "not-allowed")
    assert _names(bucket) == {"a.png"} or "delete" in actions


def test_a_service_without_buckets_has_no_actions() -> None:
    api = client(CAN_DELETE="true", UPLOADS_TOPIC=TOPIC)
    assert api.get("/v1/about").get_json()["actions"] == []
    for action in PATHS:
        problem(_post(api, action, [("a.png", 1)]), 404, "no-buckets")


def test_only_some_actions_run_at_a_time(
    bucket: gcs.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is begun while another one holds the only slot."""
    monkeypatch.setattr("shared.api.upload_action_routes._MOST_ACTIONS", 1)
    monkeypatch.setattr("shared.api.upload_action_routes._ACTION_WAIT", 0)
    buckets = {"INPUT_BUCKET": bucket.name, "OUTPUT_BUCKET": output(bucket).name}
    api = client(**buckets, CAN_DELETE="true")
    seen = ("a.png", put_upload(bucket, "a.png"))
    responses = []

    def begin_another(_: object, upload: ChosenUpload) -> Outcome:
        responses.append(_post(api, "delete", [seen]))
        return Outcome.of(upload, OutcomeCode.DONE)

    with mock.patch("shared.api.upload_deletion.UploadDeletion.delete", begin_another):
        assert _outcomes(api, "delete", seen) == {"a.png": "done"}
    problem(responses[0], 429, "busy")
    assert _outcomes(api, "delete", seen) == {"a.png": "done"}
