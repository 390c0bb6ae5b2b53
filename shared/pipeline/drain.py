"""The drain function's use case: an upload that failed after all retries ends as `failed`.

The message itself is kept by another subscription of the same dead-letter topic, for redrive.
"""

from shared.gcp.events import Message, parse_identity
from shared.gcp.gcs import Storage
from shared.pipeline.result_store import ResultStore
from shared.runtime import logs
from shared.schemas.documents import Reason
from shared.schemas.errors import ForeignMessage, ReasonCode
from shared.schemas.settings import BucketSettings

_COUNT = "CloudPubSubDeadLetterSourceDeliveryCount"
_SUBSCRIPTION = "CloudPubSubDeadLetterSourceSubscription"
"""What Pub/Sub adds to a dead letter: https://cloud.google.com/pubsub/docs/dead-letter-topics."""

_MOST_SHOWN = 100
"""Characters of an attribute, which anybody may have written who may publish."""


class Drain:
    """Writes `failed` results. One per process; safe to share between threads."""

    def __init__(self, settings: BucketSettings) -> None:
        self._settings = settings
        self._results = ResultStore(Storage(), settings.output_bucket)

    def handle(self, message: Message) -> None:
        """Writes the result of the upload that a dead letter is about, unless there is one.

        Raises:
            ForeignMessage: it does not say which upload, or one of another bucket.
        """
        ref = parse_identity(message)
        with logs.context(**ref.log_fields):
            if ref.bucket != self._settings.input_bucket:
                raise ForeignMessage(f"{ref} is not in {self._settings.input_bucket}")
            count = message.attributes.get(_COUNT, "an unknown number of")[:_MOST_SHOWN]
            hop = message.attributes.get(_SUBSCRIPTION, "A function")[:_MOST_SHOWN]
            reason = Reason(
                code=ReasonCode.GAVE_UP,
                message=f"{hop} failed after all retries ({count} deliveries); its logs say why.",
            )
            self._results.fail(ref, reason)
