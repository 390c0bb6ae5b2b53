"""Every message shape that comes in.

A bucket notification that Pub/Sub pushes, Eventarc's direct storage event, and our own prompts
message. functions-framework has turned each HTTP request into a CloudEvent before it gets here.
"""

import base64
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cloudevents.http import CloudEvent
from pydantic import BaseModel, Field

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


class _Message(BaseModel):
    """The fields of a Pub/Sub message that matter here; `data` arrives as base64."""

    data: str
    attributes: dict[str, str] = {}

    def content(self) -> bytes:
        return base64.b64decode(self.data, validate=True)


class _Push(BaseModel):
    """The body of a push request."""

    message: _Message


def parse_upload(event: CloudEvent) -> Upload | None:
    """The upload that an event announces; None for an event of another kind.

    Raises:
        BadMessage: the event claims to be an upload and lacks what one has.
    """
    with _as_bad_message():
        if event["type"] == _STORAGE_EVENT:
            resource = _ObjectResource.model_validate(event.data)
        elif event["type"] == _PUBSUB_EVENT:
            message = _Push.model_validate(event.data).message
            if message.attributes.get("eventType") != _FINALIZED:
                return None
            resource = _ObjectResource.model_validate_json(message.content())
        else:
            return None
    ref = ObjectRef(resource.bucket, resource.name, resource.generation)
    return Upload(ref, resource.content_type, resource.size)


def parse_prompts(event: CloudEvent) -> PromptsDocument:
    """The document that a prompts message carries.

    Raises:
        BadMessage: it does not fit the schema of prompts.json.
    """
    with _as_bad_message():
        message = _Push.model_validate(event.data).message
        return PromptsDocument.model_validate_json(message.content())


@contextmanager
def _as_bad_message() -> Iterator[None]:
    try:
        yield
    except ValueError as error:  # pydantic's and base64's own
        raise BadMessage(f"not a message of this pipeline: {error}") from error


@contextmanager
def acknowledging_bad_messages() -> Iterator[None]:
    """Records a message that no redelivery would mend, and lets it be acknowledged."""
    try:
        yield
    except BadMessage:
        _log.exception("dropped a message that is not from this pipeline")
