"""Begins uploads: creates sessions through which a browser sends a file to the input bucket."""

from http import HTTPStatus

from google.api_core.exceptions import PreconditionFailed

from shared.api.buckets import Buckets
from shared.api.problems import Refused
from shared.gcp.gcs import RETRY, TIMEOUT


class UploadSessions:
    """Begins uploads of at most `max_bytes` to the input bucket. Safe to share between threads."""

    def __init__(self, buckets: Buckets, max_bytes: int) -> None:
        self._buckets = buckets
        self._max_bytes = max_bytes

    def begin(
        self, name: str, content_type: str, size: int, origin: str, *, replace: bool
    ) -> str | None:
        """Returns the URI of a new upload session, to which pages of `origin` PUT `size` bytes.

        A resumable session needs no signed URL, no key to sign one, and no CORS configuration of
        the bucket: https://cloud.google.com/storage/docs/resumable-uploads#session-uris

        Without `replace`, returns None if an object of this name exists. If one is created before
        the content is sent, the PUT fails with 412.

        Raises:
            Refused: `size` is more than MAX_UPLOAD.
        """
        if size > self._max_bytes:
            sentence = (
                f"{self._buckets.uri(name)} has {size:,} bytes. The limit is "
                f"{self._max_bytes:,} bytes (MAX_UPLOAD)."
            )
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "too-many-bytes", sentence)
        if not replace and self._buckets.has_upload(name):
            return None
        blob = self._buckets.storage.client.bucket(self._buckets.input).blob(name)
        try:
            return str(
                blob.create_resumable_upload_session(
                    content_type=content_type,
                    size=size,
                    origin=origin,
                    if_generation_match=None if replace else 0,
                    timeout=TIMEOUT,
                    retry=RETRY,
                )
            )
        except PreconditionFailed:
            return None
