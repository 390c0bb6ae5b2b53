"""Processes uploads again, as `make backfill` does: publishes their notifications."""

from shared.api.buckets import Buckets
from shared.api.upload_selection import ChosenUpload, Outcome, OutcomeCode
from shared.gcp.events import UploadEvent
from shared.gcp.gcs import ObjectRef
from shared.gcp.publisher import Publisher


class UploadRerun:
    """Publishes notifications to the topic of uploads. Safe to share between threads."""

    def __init__(self, buckets: Buckets, publisher: Publisher, topic: str) -> None:
        self._buckets = buckets
        self._publisher = publisher
        self._topic = topic

    def rerun(self, upload: ChosenUpload) -> Outcome:
        """Announces exactly this generation again.

        A copy of the object onto itself would be simpler, but it would be a new generation: results
        and corrections of the old one would no longer belong to it.

        Raises:
            GoogleAPICallError, TimeoutError: Cloud Storage or Pub/Sub is unavailable, or refuses.
        """
        found = self._buckets.storage.find(self._buckets.input, upload.name)
        if found is None:
            return Outcome.of(upload, OutcomeCode.GONE)
        if found.generation != upload.generation:
            return Outcome.of(upload, OutcomeCode.SUPERSEDED)
        ref = ObjectRef(self._buckets.input, upload.name, upload.generation)
        event = UploadEvent(ref, found.content_type or "", found.size)
        self._publisher.publish_upload(self._topic, event)
        return Outcome.of(upload, OutcomeCode.DONE)
