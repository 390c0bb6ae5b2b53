"""Sending prompts on to the segmentation function."""

from functools import cached_property

from google.api_core.retry import Retry
from google.cloud import pubsub_v1

from shared.documents import PromptsDocument

_PUBLISH_SECONDS = 20


class Publisher:
    """Publishes to Pub/Sub. Builds its client on first use: gRPC does not survive a fork."""

    @cached_property
    def _client(self) -> pubsub_v1.PublisherClient:
        return pubsub_v1.PublisherClient()

    def publish_prompts(self, topic: str, document: PromptsDocument) -> None:
        """Returns once Pub/Sub has the message; whatever goes wrong is raised."""
        source = document.source
        future = self._client.publish(
            topic,
            document.model_dump_json().encode(),
            retry=Retry(timeout=_PUBLISH_SECONDS),
            bucketId=source.bucket,
            objectId=source.name,
            objectGeneration=str(source.generation),
        )
        future.result(timeout=2 * _PUBLISH_SECONDS)
