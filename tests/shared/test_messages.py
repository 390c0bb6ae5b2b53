import base64
import json
from typing import Any

import pytest
from cloudevents.http import CloudEvent

from shared.documents import PromptsDocument, Source
from shared.errors import BadMessage
from shared.geometry import Box
from shared.messages import acknowledging_bad_messages, parse_prompts, parse_upload
from shared.storage import ObjectRef
from tests.shared.shapes import ellipse, prompt_for

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


def _pushed(payload: Any, event_type: str | None = "OBJECT_FINALIZE") -> CloudEvent:
    data = base64.b64encode(json.dumps(payload).encode()).decode()
    attributes = {"eventType": event_type} if event_type else {}
    return _event("google.cloud.pubsub.topic.v1.messagePublished", data, attributes)


def _event(kind: str, data: Any, attributes: dict[str, str]) -> CloudEvent:
    message = {"data": data, "attributes": attributes, "messageId": "1"}
    return CloudEvent({"type": kind, "source": "test"}, {"message": message, "subscription": "a/b"})


def test_a_pushed_bucket_notification_is_an_upload() -> None:
    upload = parse_upload(_pushed(RESOURCE))
    assert upload is not None
    assert (upload.ref, upload.content_type, upload.size) == (REF, "image/png", 1234)


def test_eventarcs_direct_event_is_the_same_upload() -> None:
    attributes = {"type": "google.cloud.storage.object.v1.finalized", "source": "//storage"}
    assert parse_upload(CloudEvent(attributes, RESOURCE)) == parse_upload(_pushed(RESOURCE))


@pytest.mark.parametrize(
    "event_type", ["OBJECT_DELETE", "OBJECT_METADATA_UPDATE", "OBJECT_ARCHIVE"]
)
def test_other_notifications_are_no_uploads(event_type: str) -> None:
    assert parse_upload(_pushed(RESOURCE, event_type)) is None


def test_events_of_other_kinds_are_no_uploads() -> None:
    deleted = {"type": "google.cloud.storage.object.v1.deleted", "source": "//storage"}
    assert parse_upload(CloudEvent(deleted, RESOURCE)) is None


@pytest.mark.parametrize(
    "payload",
    [
        None,
        [],
        "text",
        {},
        {**RESOURCE, "generation": "-1"},
        {**RESOURCE, "generation": "new"},
        {**RESOURCE, "bucket": ""},
        {**RESOURCE, "name": 7},
        {key: value for key, value in RESOURCE.items() if key != "size"},
    ],
)
def test_a_notification_that_lacks_what_one_has_is_a_bad_message(payload: Any) -> None:
    with pytest.raises(BadMessage):
        parse_upload(_pushed(payload))


DEEP = base64.b64encode(b"[" * 100_000).decode()


@pytest.mark.parametrize("data", ["not base64!", base64.b64encode(b"{").decode(), 5, None, DEEP])
def test_data_that_is_not_base64_of_json_is_a_bad_message(data: Any) -> None:
    kind = "google.cloud.pubsub.topic.v1.messagePublished"
    with pytest.raises(BadMessage):
        parse_prompts(_event(kind, data, {}))


@pytest.mark.parametrize(
    "body", [None, [], {}, {"message": None}, {"message": {"data": "", "attributes": []}}]
)
def test_a_push_that_is_none_is_a_bad_message(body: Any) -> None:
    kind = {"type": "google.cloud.pubsub.topic.v1.messagePublished", "source": "test"}
    with pytest.raises(BadMessage):
        parse_upload(CloudEvent(kind, body))


def test_a_prompts_document_survives_its_message() -> None:
    payload = json.loads(DOCUMENT.model_dump_json())
    assert parse_prompts(_pushed(payload, None)) == DOCUMENT


@pytest.mark.parametrize(
    "change",
    [
        {"config": "../x"},
        {"schema": "toonmask/prompts/9"},
        {"extra": 1},
        {"source": None},
        {"instances": [{"id": "face-1/../.."}]},
    ],
)
def test_a_tampered_prompts_document_is_a_bad_message(change: dict[str, Any]) -> None:
    payload = {**json.loads(DOCUMENT.model_dump_json()), **change}
    with pytest.raises(BadMessage):
        parse_prompts(_pushed(payload, None))


def test_a_bad_message_is_recorded_and_acknowledged_other_errors_are_raised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with acknowledging_bad_messages():
        raise BadMessage("forged")
    assert "forged" in caplog.text
    with pytest.raises(OSError, match="disk"), acknowledging_bad_messages():
        raise OSError("disk")
