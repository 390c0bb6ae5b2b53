"""Publishes prompts for the segmentation function, and uploads to process again."""

from functools import cached_property

from google.api_core.retry import Retry
from google.cloud import pubsub_v1

from shared.gcp.events import (
    FRAME,
    FRAMES,
    REPEATED,
    REVISION,
    UploadEvent,
    notification,
)
from shared.runtime import tracing
from shared.runtime.trace_context import TRACE_PARENT, TraceContext
from shared.schemas.documents import PromptsDocument

_PUBLISH_SECONDS = 20
"""Timeout of the retries. Chosen by hand: it must stay below the acknowledgement deadline."""


class Publisher:
    """Publishes to Pub/Sub.

    Without a client, it builds one on first use: gRPC does not survive a fork.
    """

    def __init__(self, client: pubsub_v1.PublisherClient | None = None) -> None:
        if client is not None:
            self._client = client

    @cached_property
    def _client(self) -> pubsub_v1.PublisherClient:
        return pubsub_v1.PublisherClient()

    def publish_prompts(
        self, topic: str, document: PromptsDocument, trace: TraceContext, *, repeated: bool
    ) -> None:
        """Publishes the document and waits for Pub/Sub's confirmation. Raises any error.

        `repeated` says that the same document may have been published before. The message
        continues the trace: from this call's span if it is recorded, else from `trace`.
        """
        source = document.source
        extra_attributes = {REPEATED: "true"} if repeated else {}
        if frame := source.frame:
            extra_attributes |= {FRAME: str(frame.number), FRAMES: str(frame.count)}
        destination = topic.rpartition("/")[2]
        with tracing.span(f"send {destination}", "producer", _span_attributes(destination)):
            position = tracing.context() or trace
            future = self._client.publish(
                topic,
                document.model_dump_json().encode(),
                retry=Retry(timeout=_PUBLISH_SECONDS),
                bucketId=source.bucket,
                objectId=source.name,
                objectGeneration=str(source.generation),
                **{TRACE_PARENT: position.trace_parent, REVISION: str(document.revision)},
                **extra_attributes,
            )
            message_id = future.result(timeout=2 * _PUBLISH_SECONDS)
            tracing.annotate({"messaging.message.id": message_id})

    def publish_upload(self, topic: str, upload: UploadEvent) -> None:
        """Publishes a notification of an upload, and waits for the confirmation. Raises any error.

        So the upload is processed again. Cloud Storage's own notifications have no trace either.
        """
        message = notification(upload)
        future = self._client.publish(
            topic, message.data, retry=Retry(timeout=_PUBLISH_SECONDS), **message.attributes
        )
        future.result(timeout=2 * _PUBLISH_SECONDS)


def _span_attributes(destination: str) -> dict[str, str]:
    """https://opentelemetry.io/docs/specs/semconv/messaging/gcp-pubsub/."""
    return {
        "messaging.system": "gcp_pubsub",
        "messaging.operation.name": "send",
        "messaging.operation.type": "send",
        "messaging.destination.name": destination,
    }
