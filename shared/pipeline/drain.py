"""The drain function's use case: an upload that failed after all retries ends as `failed`.

Another subscription of the same dead-letter topic keeps the message for redrive.
"""

from shared.gcp.events import Message, parse_identity
from shared.gcp.gcs import ObjectRef, Storage
from shared.pipeline.result_store import ResultStore
from shared.runtime import logs, tracing
from shared.schemas.documents import Reason
from shared.schemas.errors import ForeignMessage, ReasonCode
from shared.schemas.settings import BucketSettings

_COUNT = "CloudPubSubDeadLetterSourceDeliveryCount"
_SUBSCRIPTION = "CloudPubSubDeadLetterSourceSubscription"
"""Attributes that Pub/Sub adds to a dead letter:
https://cloud.google.com/pubsub/docs/dead-letter-topics."""

_MOST_SHOWN = 100
"""Limit for an attribute, in characters. Every publisher can write attributes, and they end up in
results. Chosen by hand: a longer one keeps more of a forged attribute."""


class Drain:
    """Writes `failed` results. One per process; safe to share between threads."""

    def __init__(self, settings: BucketSettings) -> None:
        self._settings = settings
        self._results = ResultStore(Storage(), settings.output_bucket)

    def handle(self, message: Message) -> None:
        """Writes a `failed` result for the upload of a dead letter, unless it has a result.

        Raises:
            ForeignMessage: the message identifies no upload, or one of another bucket.
        """
        identity = parse_identity(message)
        source = identity.source
        tracing.annotate_request(**source.log_fields)
        with logs.context(**source.log_fields):
            if source.bucket != self._settings.input_bucket:
                raise ForeignMessage(
                    f"{ObjectRef.of(source)} is not in {self._settings.input_bucket}"
                )
            count = message.attributes.get(_COUNT, "an unknown number of")[:_MOST_SHOWN]
            hop = message.attributes.get(_SUBSCRIPTION, "A function")[:_MOST_SHOWN]
            reason = Reason(
                code=ReasonCode.GAVE_UP,
                message=f"{hop} failed after all retries ({count} deliveries); its logs say why.",
            )
            self._results.fail(source, reason, identity.revision)
