"""Every message shape that comes in.

A bucket notification that Pub/Sub pushes, Eventarc's direct storage event, and our own prompts
message. functions-framework has turned each HTTP request into a CloudEvent before it gets here.
"""

import base64
import binascii
import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from cloudevents.http import CloudEvent
from pydantic import BaseModel, Field, ValidationError

from shared.documents import PromptsDocument
from shared.errors import BadMessage
from shared.storage import ObjectRef

_log = logging.getLogger(__name__)

_PUBSUB_EVENT = "google.cloud.pubsub.topic.v1.messagePublished"
_STORAGE_EVENT = "google.cloud.storage.object.v1.finalized"
_FINALIZED = "OBJECT_FINALIZE"


@dataclass(frozen=True, slots=True)
class Upload:
    """An object that has been written to the input bucket."""

    ref: ObjectRef
    content_type: str
    size: int


class _ObjectResource(BaseModel):
    """The fields of a GCS object resource that matter here."""

    bucket: str = Field(min_length=1)
    name: str = Field(min_length=1)
    generation: int = Field(gt=0)
    size: int = Field(ge=0)
    content_type: str = Field("", alias="contentType")


def parse_upload(event: CloudEvent) -> Upload | None:
    """The upload that an event announces; None for an event of another kind.

    Raises:
        BadMessage: the event claims to be an upload and lacks what one has.
    """
    if event["type"] == _STORAGE_EVENT:
        payload = event.data
    elif event["type"] == _PUBSUB_EVENT:
        message = _message(event)
        if message.get("attributes", {}).get("eventType") != _FINALIZED:
            return None
        payload = _decoded(message)
    else:
        return None
    try:
        resource = _ObjectResource.model_validate(payload)
    except ValidationError as error:
        raise BadMessage(f"not the resource of an uploaded object: {error}") from error
    ref = ObjectRef(resource.bucket, resource.name, resource.generation)
    return Upload(ref, resource.content_type, resource.size)


def parse_prompts(event: CloudEvent) -> PromptsDocument:
    """The document that a prompts message carries.

    Raises:
        BadMessage: it does not fit the schema of prompts.json.
    """
    try:
        return PromptsDocument.model_validate(_decoded(_message(event)))
    except ValidationError as error:
        raise BadMessage(f"not a prompts document: {error}") from error


def _message(event: CloudEvent) -> Mapping[str, Any]:
    data = event.data
    message = data.get("message") if isinstance(data, Mapping) else None
    if not isinstance(message, Mapping):
        raise BadMessage("the event holds no Pub/Sub message")
    return message


def _decoded(message: Mapping[str, Any]) -> Any:
    try:
        return json.loads(base64.b64decode(message.get("data", ""), validate=True))
    except (binascii.Error, TypeError, ValueError) as error:
        raise BadMessage(f"the message's data is not base64 of JSON: {error}") from error


@contextmanager
def acknowledging_bad_messages() -> Iterator[None]:
    """Records a message that no redelivery would mend, and lets it be acknowledged."""
    try:
        yield
    except BadMessage:
        _log.exception("dropped a message that is not from this pipeline")
