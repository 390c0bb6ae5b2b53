"""Parses all incoming message formats, and writes the notifications of uploads.

The formats are bucket notifications pushed by Pub/Sub, direct storage events from Eventarc, our own
prompts messages, and the dead letters of both hops.
"""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BaseModel, Field, ValidationError

from shared.gcp.gcs import ObjectRef
from shared.runtime.trace_context import TraceContext, received
from shared.schemas.base import at_most
from shared.schemas.documents import (
    BucketName,
    Generation,
    ObjectName,
    PromptsDocument,
    Revision,
    Source,
)
from shared.schemas.errors import ForeignMessage, ToonmaskError, UnreadableMessage
from shared.schemas.field_errors import problems
from shared.schemas.frames import Frame

FINALIZED = "OBJECT_FINALIZE"
EVENT_TYPE = "ce-type"
"""Header of a CloudEvent in binary mode."""
REPEATED = "repeated"
"""Attribute of a prompts message that may have been published before."""
REVISION = "revision"
"""Attribute of a prompts message: the revision of its prompts."""

FRAME, FRAMES = "frame", "frames"
"""Attributes of a prompts message of one frame: its number, and the number of frames."""

_MOST_ATTRIBUTES = 150
"""Limit for attributes. Pub/Sub accepts 100 and adds some of its own to dead letters:
https://cloud.google.com/pubsub/quotas."""

MOST_PROMPTS = 4 * 2**20
"""Limit for prompts, in bytes, in a message or in a request. 100 instances with the maximum number
of points take a third of it."""

_STRUCTURED = "application/cloudevents"
_STORAGE_EVENT = "google.cloud.storage.object.v1.finalized"
_PUBSUB_EVENT = "google.cloud.pubsub.topic.v1.messagePublished"


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery of a message.

    `attempt` counts deliveries from 1. Without a dead-letter policy on the subscription it is
    always 1. `trace` is the position of the sender in the trace that all logs of an upload share.
    """

    data: bytes
    attributes: Mapping[str, str]
    attempt: int = 1
    trace: TraceContext = field(default_factory=TraceContext)


@dataclass(frozen=True, slots=True)
class UploadEvent:
    """A notification: an object was written to the input bucket. `size` is in bytes."""

    ref: ObjectRef
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class Identity:
    """The upload of a message of either hop, or its frame.

    `revision` is that of the prompts, if it has some.
    """

    source: Source
    revision: int = 0


class _ObjectResource(BaseModel):
    """The fields of a GCS object resource that are used here."""

    bucket: BucketName
    name: ObjectName
    generation: Generation
    size: int = Field(ge=0)
    content_type: str = Field("", max_length=1000, alias="contentType")


class _Identity(BaseModel):
    """The attributes that identify the upload in notifications and prompts messages.

    Only prompts messages have a revision, and those of a frame its number and that of all frames.
    """

    bucket: BucketName = Field(alias="bucketId")
    name: ObjectName = Field(alias="objectId")
    generation: Generation = Field(alias="objectGeneration")
    revision: Revision = Field(0, alias=REVISION)
    frame: int | None = Field(None, alias=FRAME)
    frames: int | None = Field(None, alias=FRAMES)

    def identity(self) -> Identity:
        numbers = {"number": self.frame, "count": self.frames}
        frame = None if self.frame is None else Frame.model_validate(numbers)
        source = ObjectRef(self.bucket, self.name, self.generation).source
        return Identity(source.model_copy(update={"frame": frame}), self.revision)


class _PushedMessage(BaseModel):
    """The fields of a Pub/Sub message that are used here; `data` is base64."""

    data: str = ""
    attributes: Annotated[dict[str, str], at_most(_MOST_ATTRIBUTES)] = {}


class _Push(BaseModel):
    """The body of a push request."""

    message: _PushedMessage
    attempt: int = Field(1, ge=1, alias="deliveryAttempt")


class _Event(BaseModel):
    """A CloudEvent in structured mode."""

    type: str
    data: Any = None


def receive(headers: Mapping[str, str], body: bytes) -> Message:
    """Returns the message in a Pub/Sub push request or an Eventarc event.

    Header names are in lower case. Both modes of CloudEvents over HTTP are supported:
    https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md.

    Raises:
        ForeignMessage: the request is neither.
    """
    with _validation_errors_as(ForeignMessage, "neither a push of Pub/Sub's nor an event"):
        kind, content = _unwrap(headers, body)
        if kind != _PUBSUB_EVENT:
            return Message(
                content,
                {"eventType": FINALIZED if kind == _STORAGE_EVENT else kind},
                trace=received(headers, {}),
            )
        push = _Push.model_validate_json(content)
        return Message(
            base64.b64decode(push.message.data, validate=True),
            push.message.attributes,
            push.attempt,
            received(headers, push.message.attributes),
        )


def _unwrap(headers: Mapping[str, str], body: bytes) -> tuple[str, bytes]:
    """Returns the event's type and data; a push without an event is returned unchanged."""
    if headers.get("content-type", "").startswith(_STRUCTURED):
        event = _Event.model_validate_json(body)
        return event.type, json.dumps(event.data).encode()
    return headers.get(EVENT_TYPE, _PUBSUB_EVENT), body


def parse_upload(message: Message) -> UploadEvent | None:
    """Returns the upload that a message announces; None for an event of another type.

    Raises:
        ForeignMessage: the message is not an event.
        UnreadableMessage: the message announces an upload, but its data is invalid.
    """
    kind = message.attributes.get("eventType", "")
    if not kind:
        raise ForeignMessage("not an event: it has no attribute eventType")
    if kind != FINALIZED:
        return None
    with _validation_errors_as(
        UnreadableMessage, "an upload's notification that is not understood"
    ):
        resource = _ObjectResource.model_validate_json(message.data)
    ref = ObjectRef(resource.bucket, resource.name, resource.generation)
    return UploadEvent(ref, resource.content_type, resource.size)


def notification(upload: UploadEvent) -> Message:
    """Returns the message that announces an upload, as Cloud Storage's own notifications do.

    https://cloud.google.com/storage/docs/pubsub-notifications#format
    """
    ref = upload.ref
    resource = {
        "kind": "storage#object",
        "bucket": ref.bucket,
        "name": ref.name,
        "generation": str(ref.generation),
        "size": str(upload.size),
        "contentType": upload.content_type,
    }
    attributes = {
        "eventType": FINALIZED,
        "payloadFormat": "JSON_API_V1",
        "bucketId": ref.bucket,
        "objectId": ref.name,
        "objectGeneration": str(ref.generation),
    }
    return Message(json.dumps(resource).encode(), attributes)


def parse_prompts(message: Message) -> PromptsDocument:
    """Returns the document in a prompts message.

    Raises:
        ForeignMessage: the data does not fit the schema of prompts.json, and the attributes
            identify no upload.
        UnreadableMessage: the data does not fit the schema or is too large, and the attributes
            identify an upload.
    """
    if len(message.data) > MOST_PROMPTS:
        ref = ObjectRef.of(parse_identity(message).source)
        raise UnreadableMessage(
            f"prompts for {ref} of {len(message.data):,} bytes; at most {MOST_PROMPTS:,} are read"
        )
    try:
        return PromptsDocument.model_validate_json(message.data)
    except ValidationError as error:
        ref = ObjectRef.of(parse_identity(message).source)
        raise UnreadableMessage(
            f"prompts for {ref} that are not understood: {problems(error)}"
        ) from error


def parse_identity(message: Message) -> Identity:
    """Returns the upload and the revision of a message of either hop, from its attributes only.

    Raises:
        ForeignMessage: the attributes identify no upload.
    """
    with _validation_errors_as(ForeignMessage, "it names no upload in its attributes"):
        return _Identity.model_validate(dict(message.attributes)).identity()


@contextmanager
def _validation_errors_as(kind: type[ToonmaskError], prefix: str) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise kind(f"{prefix}: {problems(error)}") from error
    except ValueError as error:  # base64's own
        raise kind(f"{prefix}: {error}") from error
