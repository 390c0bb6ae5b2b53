import base64
import json
from typing import Any

import pytest

from shared.gcp.events import (
    Identity,
    Message,
    UploadEvent,
    notification,
    parse_identity,
    parse_prompts,
    parse_upload,
    receive,
)
from shared.gcp.gcs import ObjectRef
from shared.schemas.box import Box
from shared.schemas.documents import PromptsDocument, Source
from shared.schemas.errors import ForeignMessage, UnreadableMessage
from tools.support.shapes import ellipse, prompt_for

RESOURCE = {
    "kind": "storage#object",
    "bucket": "in",
    "name": "album/cat.png",
    "generation": "1795253628185254",
    "contentType": "image/png",
    "size": "1234",
}
REF = ObjectRef("in", "album/cat.png", 1795253628185254)
DOCUMENT = PromptsDocument(
    source=Source(bucket="in", name="cat.png", generation=7, width=300, height=200),
    config="0123456789ab",
    instances=(prompt_for(ellipse(150, 100, 30, 40), Box(0, 0, 300, 200)),),
    versions={"toonmask": "1"},
)


FACE = json.loads(DOCUMENT.instances[0].model_dump_json())
NAMED = {"bucketId": "in", "objectId": "album/cat.png", "objectGeneration": "1795253628185254"}
JSON = {"content-type": "application/json"}
EVENTARC = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "//storage.googleapis.com/x"}
FINALIZED = "google.cloud.storage.object.v1.finalized"
TRACE = "0af7651916cd43dd8448eb211c80319c"


def _push(message: Any, **envelope: Any) -> bytes:
    return json.dumps({"message": message, "subscription": "a/b", **envelope}).encode()


def _pushed(payload: Any, event_type: str | None = "OBJECT_FINALIZE") -> Message:
    data = base64.b64encode(json.dumps(payload).encode()).decode()
    attributes = {"eventType": event_type} if event_type else {}
    return receive(JSON, _push({"data": data, "attributes": attributes, "messageId": "1"}))


def test_a_pushed_bucket_notification_is_an_upload() -> None:
    upload = parse_upload(_pushed(RESOURCE))
    assert upload is not None
    assert (upload.ref, upload.content_type, upload.size) == (REF, "image/png", 1234)


def test_a_notification_of_ours_is_the_upload_that_it_announces() -> None:
    upload = UploadEvent(REF, "image/png", 1234)
    message = notification(upload)
    assert json.loads(message.data) == RESOURCE
    assert parse_upload(message) == upload
    assert parse_identity(message) == Identity(REF.source, 0)


def test_eventarcs_direct_event_is_the_same_upload_in_both_modes() -> None:
    body = json.dumps(RESOURCE).encode()
    binary = receive({**JSON, **EVENTARC, "ce-type": FINALIZED}, body)
    event = {"specversion": "1.0", "id": "1", "source": "//s", "type": FINALIZED, "data": RESOURCE}
    headers = {"content-type": "application/cloudevents+json; charset=utf-8"}
    structured = receive(headers, json.dumps(event).encode())
    assert parse_upload(binary) == parse_upload(structured) == parse_upload(_pushed(RESOURCE))


def test_eventarcs_event_of_a_message_is_that_message() -> None:
    kind = "google.cloud.pubsub.topic.v1.messagePublished"
    body = _push({"data": "aGk=", "attributes": {"a": "b"}})
    assert receive({**EVENTARC, "ce-type": kind}, body).data == b"hi"


@pytest.mark.parametrize("event_type", ["OBJECT_DELETE", "OBJECT_METADATA_UPDATE", "x"])
def test_other_notifications_are_no_uploads(event_type: str) -> None:
    assert parse_upload(_pushed(RESOURCE, event_type)) is None


def test_what_is_no_notification_is_foreign() -> None:
    with pytest.raises(ForeignMessage, match="eventType"):
        parse_upload(_pushed(RESOURCE, None))


def test_events_of_other_kinds_are_no_uploads() -> None:
    headers = {**EVENTARC, "ce-type": "google.cloud.storage.object.v1.deleted"}
    assert parse_upload(receive(headers, json.dumps(RESOURCE).encode())) is None


def test_a_message_tells_its_delivery_attempt() -> None:
    assert receive(JSON, _push({"data": ""}, deliveryAttempt=7)).attempt == 7
    assert receive(JSON, _push({"data": ""})).attempt == 1


@pytest.mark.parametrize(
    "headers", [
        {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"},
        {"x-cloud-trace-context": f"{TRACE}/1;o=1"},
        {"x-cloud-trace-context": TRACE},
    ],
)  # fmt: skip
def test_the_trace_is_the_requests_unless_the_hop_before_had_one(headers: dict[str, str]) -> None:
    assert receive(headers, _push({})).trace.trace_id == TRACE
    other = "f" * 32
    attributes = {"traceparent": f"00-{other}-b7ad6b7169203331-01"}
    assert receive(headers, _push({"attributes": attributes})).trace.trace_id == other


def test_without_a_trace_there_is_a_new_one() -> None:
    traces = {receive({"traceparent": "forged\n{}"}, _push({})).trace.trace_id for _ in range(2)}
    assert len(traces) == 2
    assert all(len(trace) == 32 for trace in traces)


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        {},
        {**RESOURCE, "generation": "-1"},
        {**RESOURCE, "generation": "new"},
        {**RESOURCE, "generation": str(2**63)},
        {**RESOURCE, "bucket": ""},
        {**RESOURCE, "name": 7},
        {key: value for key, value in RESOURCE.items() if key != "size"},
    ],
)
def test_a_notification_that_lacks_what_one_has_is_not_understood(payload: Any) -> None:
    with pytest.raises(UnreadableMessage):
        parse_upload(_pushed(payload))


DEEP = b"[" * 100_000


def _instance(**changes: Any) -> dict[str, Any]:
    return {**json.loads(DOCUMENT.instances[0].model_dump_json()), **changes}


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {"data": "not base64!"},
        {"data": 5},
        {"data": None},
        {"data": "", "attributes": []},
        {"data": "", "attributes": {"eventType": {}}},
    ],
)
def test_a_push_that_is_none_is_foreign(message: Any) -> None:
    with pytest.raises(ForeignMessage):
        receive(JSON, _push(message))


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b"hello", DEEP, b'{"a":' + DEEP])
@pytest.mark.parametrize("kind", ["application/json", "application/cloudevents+json"])
def test_a_body_that_is_no_push_is_foreign(body: bytes, kind: str) -> None:
    with pytest.raises(ForeignMessage):
        receive({"content-type": kind}, body)


def test_a_message_without_data_is_no_prompts_message() -> None:
    with pytest.raises(ForeignMessage):
        parse_prompts(receive(JSON, _push({"attributes": {"a": "b"}})))


def test_a_prompts_document_survives_its_message() -> None:
    payload = json.loads(DOCUMENT.model_dump_json())
    assert parse_prompts(_pushed(payload, None)) == DOCUMENT


@pytest.mark.parametrize(
    "change",
    [
        {"config": "../x"},
        {"schema": "toonmask/prompts/9"},
        {"source": None},
        {"instances": [{"id": "face-1/../.."}]},
        {"instances": [{**FACE, "id": f"face-{'1' * 2000}"}]},
        {"source": {**json.loads(DOCUMENT.source.model_dump_json()), "generation": 2**63}},
        {"instances": [json.loads(DOCUMENT.instances[0].model_dump_json())] * 101},
        {"instances": [_instance(polygon=[[0, 0], [9, 0], [9, 9]] * 86)]},
        {"instances": [_instance(points=[[1, 1, 1]] * 513)]},
    ],
)
def test_prompts_that_do_not_fit_are_foreign_unless_they_name_an_upload(
    change: dict[str, Any],
) -> None:
    data = json.dumps({**json.loads(DOCUMENT.model_dump_json()), **change}).encode()
    with pytest.raises(ForeignMessage):
        parse_prompts(Message(data, {}))
    with pytest.raises(UnreadableMessage, match=r"gs://in/album/cat\.png#1795253628185254"):
        parse_prompts(Message(data, NAMED))


@pytest.mark.parametrize(
    "body",
    [
        {"instances": [{}] * 100_000},
        {"instances": [{**FACE, "points": [[1, 1, 7]] * 100_000}]},
        {"versions": {str(number): 1 for number in range(100_000)}},
        {"schema": "x" * 5_000_000},
    ],
)
def test_what_is_wrong_with_a_forged_document_is_told_shortly(body: dict[str, Any]) -> None:
    data = json.dumps({**json.loads(DOCUMENT.model_dump_json()), **body}).encode()
    with pytest.raises(UnreadableMessage) as caught:
        parse_prompts(Message(data, NAMED))
    assert len(str(caught.value)) < 1000


def test_what_is_wrong_with_forged_attributes_is_told_shortly() -> None:
    attributes = dict.fromkeys(map(str, range(100_000)), 7)
    with pytest.raises(ForeignMessage) as caught:
        receive(JSON, json.dumps({"message": {"attributes": attributes}}).encode())
    assert len(str(caught.value)) < 1000


def test_fields_of_a_newer_version_are_left_alone() -> None:
    payload = json.loads(DOCUMENT.model_dump_json())
    payload["near_misses"] = 3
    payload["source"]["colour_space"] = "sRGB"
    payload["instances"][0]["pose"] = {"yaw": 20}
    assert parse_prompts(_pushed(payload, None)) == DOCUMENT


def test_both_hops_messages_name_their_upload_in_their_attributes() -> None:
    assert parse_identity(Message(b"", {**NAMED, "more": "x"})) == Identity(REF.source)
    assert parse_identity(Message(b"", {**NAMED, "revision": "3"})) == Identity(REF.source, 3)
    for missing in NAMED:
        with pytest.raises(ForeignMessage):
            parse_identity(Message(b"", {k: v for k, v in NAMED.items() if k != missing}))
