"""Reads stored results, their pictures, and uploads."""

from collections.abc import Iterator
from http import HTTPStatus

from shared.api.buckets import Buckets
from shared.api.problems import Refused
from shared.decoding.sandbox import Sandbox
from shared.gcp.gcs import ObjectRef
from shared.runtime.deadline import Check
from shared.schemas import object_names
from shared.schemas.errors import Rejected, Superseded

ORIGINAL = "original"
"""The name of the upload itself, among the names of its pictures."""


class StoredPictures:
    """Reads results, pictures and uploads from a pair of buckets. Safe to share between threads.

    The size of an upload is limited to `max_bytes`.
    """

    def __init__(self, buckets: Buckets, sandbox: Sandbox, max_bytes: int) -> None:
        self._buckets = buckets
        self._sandbox = sandbox
        self._max_bytes = max_bytes

    def result(self, name: str) -> bytes | None:
        """Returns the result.json of an upload, or None. It contains the upload's generation."""
        found = self._buckets.storage.read_document(
            self._buckets.output, object_names.folder(name) + object_names.RESULT
        )
        return found[0] if found else None

    def stream(self, upload: ObjectRef, picture: str) -> Iterator[bytes]:
        """Returns a picture of a result, or the upload (ORIGINAL), in chunks.

        The iterator may raise the same errors.

        Raises:
            Superseded: it does not exist, or not for this generation.
            Rejected: the gzip data of the upload is corrupt, or too large once decompressed.
        """
        if picture == ORIGINAL:
            return self._buckets.storage.stream(upload, self._max_bytes)
        return self._buckets.storage.stream_document(
            self._buckets.output, _object_name(upload, picture), upload.generation
        )

    def thumbnail(self, upload: ObjectRef, picture: str, side: int, check: Check) -> bytes:
        """Returns the picture as WebP, scaled down so that no side is longer than `side` pixels.

        Raises:
            Superseded: it does not exist, or not for this generation.
            Rejected: the upload is not a supported image.
            Refused: the stored picture is not an image.
            Cancelled: raised by `check`.
        """
        content = self._read(upload, picture)
        is_original = picture == ORIGINAL
        try:
            return self._sandbox.thumbnail(content, side, check, over_white=is_original)
        except Rejected as error:
            if is_original:
                raise
            # another program may have written to the output bucket
            raise Refused(
                HTTPStatus.BAD_GATEWAY,
                "broken-picture",
                f"gs://{self._buckets.output}/{_object_name(upload, picture)} is not a readable "
                "image. Upload the original again to create new pictures.",
            ) from error

    def _read(self, upload: ObjectRef, picture: str) -> bytes:
        if picture == ORIGINAL:
            return self._buckets.storage.read(upload, self._max_bytes)
        name = _object_name(upload, picture)
        found = self._buckets.storage.read_document(self._buckets.output, name)
        if found is None or found[1].generation != upload.generation:
            raise Superseded(f"gs://{self._buckets.output}/{name} is not there for {upload}")
        return found[0]


def _object_name(upload: ObjectRef, picture: str) -> str:
    return object_names.folder(upload.name) + picture
