"""Prompts are read and corrected, and results marked as checked, over HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from google.cloud import storage as gcs

from shared.gcp.events import MOST_PROMPTS, parse_prompts
from shared.gcp.gcs import ObjectToWrite, Storage
from shared.gcp.provenance import Provenance
from shared.schemas.box import Box
from shared.schemas.documents import PromptsDocument, Source, Status
from tests.functions.api.service import client, problem
from tests.functions.api.uploads import put_upload, write_result
from tests.shared.segmentation_runs import output
from tests.topics import TOPIC, Topic, serving_topic
from tools.support.shapes import ellipse, prompt_for

FOUND = prompt_for(ellipse(250, 150, 60, 80), Box(0, 0, 500, 300))
INSTANCE = FOUND.model_dump(mode="json")
ADDED = {**INSTANCE, "id": "face-2", "clicks": [[1, 2, 1]]}
PROMPTS, CHECKED = "/v1/uploads/prompts", "/v1/uploads/checked"


@pytest.fixture
def topic() -> Iterator[Topic]:
    with serving_topic() as served:
        yield served


@pytest.fixture
def correcting(bucket: gcs.Bucket, topic: Topic) -> FlaskClient:
    """A test client of the API that can publish corrections."""
    assert not list(topic.messages())
    return client(INPUT_BUCKET=bucket.name, OUTPUT_BUCKET=output(bucket).name, PROMPTS_TOPIC=TOPIC)


def _detected(bucket: gcs.Bucket, name: str = "cat.png") -> int:
    """Uploads a picture and writes its prompts; returns its generation."""
    generation = put_upload(bucket, name)
    source = Source(bucket=bucket.name, name=name, generation=generation, width=500, height=300)
    document = PromptsDocument(
        source=source, config="0123456789ab", instances=(FOUND,), versions={}
    )
    item = ObjectToWrite.document(f"{name}/prompts.json", document)
    Storage().write(output(bucket).name, item, Provenance(generation, document.config))
    return generation


def _save(api: FlaskClient, upload: int, base: int = 0, **changes: Any) -> Any:
    """Saves a correction of an upload's generation and of a revision."""
    body = {
        "name": "cat.png",
        "generation": str(upload),
        "revision": base,
        "instances": [INSTANCE, ADDED],
        **changes,
    }
    return api.post(PROMPTS, json=body)


def test_prompts_are_returned_as_they_are_stored(api: FlaskClient, bucket: gcs.Bucket) -> None:
    problem(api.get(PROMPTS, query_string={"name": "cat.png"}), 404, "no-prompts")
    _detected(bucket)
    response = api.get(PROMPTS, query_string={"name": "cat.png"})
    assert response.data == output(bucket).blob("cat.png/prompts.json").download_as_bytes()
    problem(api.get(PROMPTS), 422, "bad-field")


def test_a_correction_is_stored_and_published(
    correcting: FlaskClient, bucket: gcs.Bucket, topic: Topic
) -> None:
    generation = _detected(bucket)
    response = _save(correcting, generation)
    assert (response.status_code, response.get_json()) == (200, {"revision": 1})
    stored = correcting.get(PROMPTS, query_string={"name": "cat.png"}).get_json()
    assert (stored["revision"], [one["id"] for one in stored["instances"]]) == (
        1,
        ["face-1", "face-2"],
    )
    (message,) = topic.messages()
    assert parse_prompts(message).revision == 1
    assert _save(correcting, generation, 1, instances=[]).get_json() == {"revision": 2}


def test_refusals_have_codes_and_sentences(correcting: FlaskClient, bucket: gcs.Bucket) -> None:
    generation = _detected(bucket)
    _save(correcting, generation)
    detail = problem(_save(correcting, generation, instances=[]), 409, "newer-correction")
    assert "revision 1 now" in detail
    detail = problem(_save(correcting, generation, 1, instances=[INSTANCE] * 2), 422, "bad-prompts")
    assert "two prompts have the same id" in detail
    outside = {**INSTANCE, "crop": [0, 0, 501, 300]}
    problem(_save(correcting, generation, 1, instances=[outside]), 422, "bad-prompts")
    newer = put_upload(bucket, "cat.png")
    problem(_save(correcting, generation, 1, instances=[]), 409, "newer-upload")
    problem(_save(correcting, newer, instances=[]), 404, "no-prompts")
    problem(_save(correcting, newer, name="dog.png"), 404, "no-such-upload")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"revision": -1}, "revision"),
        ({"revision": 10**6}, "revision"),
        ({"generation": 0}, "generation"),
        ({"instances": [{"id": "face-1"}]}, "instances"),
        ({"instances": [INSTANCE] * 101}, "instances"),
        ({"instances": None}, "instances"),
        ({"name": ""}, "name"),
    ],
)
def test_invalid_fields_are_named(
    correcting: FlaskClient, bucket: gcs.Bucket, changes: dict[str, Any], field: str
) -> None:
    response = _save(correcting, _detected(bucket), **changes)
    assert problem(response, 422, "bad-field").startswith(f"{field}")


def test_a_body_is_limited_and_must_be_json(correcting: FlaskClient, bucket: gcs.Bucket) -> None:
    _detected(bucket)
    long = b'{"name": "' + b"x" * MOST_PROMPTS
    response = correcting.post(PROMPTS, data=long, content_type="application/json")
    problem(response, 413, "request-entity-too-large")
    response = correcting.post(CHECKED, data=long[: 9 * 2**10], content_type="application/json")
    problem(response, 413, "request-entity-too-large")
    for path in (PROMPTS, CHECKED):
        response = correcting.post(path, data=b"{}", content_type="text/plain")
        problem(response, 415, "not-json")


def test_pages_of_other_sites_cannot_correct(correcting: FlaskClient, bucket: gcs.Bucket) -> None:
    generation = _detected(bucket)
    body = {"name": "cat.png", "generation": generation, "revision": 0, "instances": []}
    for path in (PROMPTS, CHECKED):
        response = correcting.post(path, json=body, headers={"Origin": "https://evil.example"})
        problem(response, 403, "foreign-origin")


def test_without_a_topic_corrections_are_off_and_marks_are_not(
    api: FlaskClient, correcting: FlaskClient, bucket: gcs.Bucket
) -> None:
    generation = _detected(bucket)
    assert "PROMPTS_TOPIC" in problem(_save(api, generation), 404, "no-corrections")
    assert api.get("/v1/about").get_json()["corrections"] is False
    assert correcting.get("/v1/about").get_json()["corrections"] is True
    write_result(bucket, "cat.png", generation, Status.EMPTY)
    assert _check(api, generation).status_code == 200


def test_without_buckets_there_is_nothing_to_review() -> None:
    plain = client()
    problem(plain.get(PROMPTS, query_string={"name": "cat.png"}), 404, "no-buckets")
    problem(_save(plain, 1), 404, "no-buckets")
    problem(_check(plain, 1), 404, "no-buckets")
    assert plain.get("/v1/about").get_json()["corrections"] is False


def test_a_wrong_topic_stops_the_start() -> None:
    with pytest.raises(SystemExit, match="PROMPTS_TOPIC"):
        client(PROMPTS_TOPIC="prompts")


def test_a_correction_that_is_not_published_is_to_be_saved_again(
    bucket: gcs.Bucket, topic: Topic
) -> None:
    assert not list(topic.messages())
    api = client(
        INPUT_BUCKET=bucket.name,
        OUTPUT_BUCKET=output(bucket).name,
        PROMPTS_TOPIC="projects/p/topics/none",
    )
    response = _save(api, _detected(bucket))
    assert "Save it again." in problem(response, 503, "unavailable")


def _check(api: FlaskClient, generation: int, revision: int = 0, *, checked: bool = True) -> Any:
    body = {
        "name": "cat.png",
        "generation": str(generation),
        "revision": revision,
        "checked": checked,
    }
    return api.post(CHECKED, json=body)


def _listed(api: FlaskClient, **query: str) -> dict[str, Any]:
    uploads = api.get("/v1/uploads", query_string=query).get_json()["uploads"]
    return {upload["name"]: upload for upload in uploads}


def test_a_checked_result_is_listed_until_there_is_another(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    generation = put_upload(bucket, "cat.png")
    write_result(bucket, "cat.png", generation, Status.SEGMENTED)
    before = output(bucket).get_blob("cat.png/result.json")
    assert _listed(api)["cat.png"]["checked"] is False
    for _ in range(2):
        assert _check(api, generation).get_json() == {"checked": True}
        assert _listed(api)["cat.png"]["checked"] is True
    after = output(bucket).get_blob("cat.png/result.json")
    assert (after.generation, after.metageneration) == (before.generation, 2)
    assert after.metadata == {**before.metadata, "checked": "true"}
    assert _check(api, generation, checked=False).get_json() == {"checked": False}
    assert output(bucket).get_blob("cat.png/result.json").metadata == before.metadata
    _check(api, generation)
    write_result(bucket, "cat.png", generation, Status.SEGMENTED, revision=1)
    listed = _listed(api)["cat.png"]
    assert (listed["checked"], listed["revision"]) == (False, 1)


def test_only_the_result_that_a_person_has_seen_is_marked(
    api: FlaskClient, bucket: gcs.Bucket
) -> None:
    generation = put_upload(bucket, "cat.png")
    problem(_check(api, generation), 404, "no-result")
    write_result(bucket, "cat.png", generation, Status.SEGMENTED, revision=2)
    problem(_check(api, generation, 1), 409, "newer-correction")
    problem(_check(api, generation, 3), 404, "no-result")
    problem(_check(api, generation + 1), 404, "no-result")
    problem(_check(api, generation - 1, 2), 409, "newer-upload")
    assert "checked" not in output(bucket).get_blob("cat.png/result.json").metadata
    assert _check(api, generation, 2).status_code == 200


@pytest.mark.parametrize("what", ["replaced", "patched", "deleted"])
def test_a_result_that_changes_at_the_same_moment_is_not_marked(
    api: FlaskClient, bucket: gcs.Bucket, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    generation = put_upload(bucket, "cat.png")
    write_result(bucket, "cat.png", generation, Status.SEGMENTED)
    patch = gcs.Blob.patch

    def late(self: gcs.Blob, **options: Any) -> None:
        monkeypatch.setattr(gcs.Blob, "patch", patch)
        blob = output(bucket).get_blob("cat.png/result.json")
        if what == "replaced":
            blob.upload_from_string(b"{}")
        elif what == "deleted":
            blob.delete()
        else:
            blob.metadata = {**blob.metadata, "note": "x"}
            blob.patch()
        patch(self, **options)

    monkeypatch.setattr(gcs.Blob, "patch", late)
    problem(_check(api, generation), 409, "changed")
    left = output(bucket).get_blob("cat.png/result.json")
    assert left is None or "checked" not in (left.metadata or {})


def test_uploads_are_listed_by_what_is_left_to_review(api: FlaskClient, bucket: gcs.Bucket) -> None:
    review = [{"code": "near-misses", "message": "One more may be a face."}]
    for name, reasons in (("cat.png", review), ("sure.png", []), ("unsure.png", review)):
        generation = put_upload(bucket, name)
        write_result(bucket, name, generation, Status.SEGMENTED, review=reasons)
    put_upload(bucket, "working.png")
    _check(api, bucket.get_blob("cat.png").generation)
    assert list(_listed(api, review="todo")) == ["unsure.png"]
    assert list(_listed(api, review="checked")) == ["cat.png"]
    assert len(_listed(api, review="all")) == 4
    assert list(_listed(api, review="checked", state="empty")) == []
    assert api.get("/v1/uploads?review=x").status_code == 422


def test_a_picture_of_one_revision_is_that_or_none(api: FlaskClient, bucket: gcs.Bucket) -> None:
    """So a browser that has cached the picture before a correction asks for the new one."""
    generation = put_upload(bucket, "cat.png")
    write_result(bucket, "cat.png", generation, Status.EMPTY, revision=1)
    query = {"name": "cat.png", "generation": generation, "picture": "mask.png"}
    for more in ({}, {"side": 64}):
        for revision, status in ((1, 200), (0, 404), (2, 404)):
            wanted = {**query, **more, "revision": revision}
            response = api.get("/v1/uploads/picture", query_string=wanted)
            assert response.status_code == status, json.dumps(wanted)
    original = {**query, "picture": "original", "revision": 5}
    assert api.get("/v1/uploads/picture", query_string=original).status_code == 200
