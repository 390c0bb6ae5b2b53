"""Publishes prompts for the segmentation function."""

import secrets
from functools import cached_property

from google.api_core.retry import Retry
from google.cloud import pubsub_v1

from shared.gcp.events import REPEATED, TRACE_PARENT
from shared.schemas.documents import PromptsDocument

_PUBLISH_SECONDS = 20
"""Timeout of the retries. Chosen by hand: it must stay below the acknowledgement deadline."""


class Publisher:
    """Publishes to Pub/Sub. Builds its client on first use: gRPC does not survive a fork."""

    @cached_property
    def _client(self) -> pubsub_v1.PublisherClient:
        return pubsub_v1.PublisherClient()

    def publish_prompts(
        self, topic: str, document: PromptsDocument, trace: str, *, repeated: bool
    ) -> None:
        """Publishes the document and waits for Pub/Sub's confirmation. Raises any error.

        `repeated` says that the same document may have been published before.
        """
        source = document.source
        extra_attributes = {REPEATED: "true"} if repeated else {}
        future = self._client.publish(
            topic,
            document.model_dump_json().encode(),
            retry=Retry(timeout=_PUBLISH_SECONDS),
            bucketId=source.bucket,
            objectId=source.name,
            objectGeneration=str(source.generation),
            **{TRACE_PARENT: f"00-{trace}-{secrets.token_hex(8)}-01"},
            **extra_attributes,
        )
        future.result(timeout=2 * _PUBLISH_SECONDS)
