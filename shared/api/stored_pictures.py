"""Reads stored results, their pictures, and uploads."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from google.cloud import storage

from shared.api.buckets import Buckets
from shared.api.problems import Refused
from shared.decoding.sandbox import Sandbox
from shared.gcp.gcs import ObjectRef
from shared.gcp.provenance import Provenance
from shared.runtime.deadline import Check
from shared.schemas import object_names
from shared.schemas.errors import Rejected, Superseded

ORIGINAL = "original"
"""The name of the upload itself, among the names of its pictures."""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A picture of a result or of a frame's result, or the upload itself (ORIGINAL).

    `revision` None: of any revision.
    """

    upload: ObjectRef
    name: str
    revision: int | None = None
    frame: int | None = None

    @property
    def is_original(self) -> bool:
        """Whether it is the upload itself."""
        return self.name == ORIGINAL and self.frame is None

    @property
    def object_name(self) -> str:
        """The name of a result's picture in the output bucket."""
        name = object_names.ORIGINAL if self.name == ORIGINAL else self.name
        return object_names.folder(self.upload.name, self.frame) + name

    @property
    def of_first_frame(self) -> "StoredPicture":
        """The picture that stands for that of an upload with frames.

        The revision of such an upload is not that of the frame.
        """
        return StoredPicture(self.upload, self.name, frame=1)

    def belongs_to(self, provenance: Provenance) -> bool:
        """Whether an object of this provenance is the picture.

        No correction changes an original.
        """
        generation, revision = provenance.edition
        is_any = self.revision is None or self.name == ORIGINAL
        return generation == self.upload.generation and (is_any or self.revision == revision)


class StoredPictures:
    """Reads results, pictures and uploads from a pair of buckets. Safe to share between threads.

    The size of an upload is limited to `max_bytes`.
    """

    def __init__(self, buckets: Buckets, sandbox: Sandbox, max_bytes: int) -> None:
        self._buckets = buckets
        self._sandbox = sandbox
        self._max_bytes = max_bytes

    def result(self, folder: str) -> bytes | None:
        """Returns the result.json of a folder, or None. It contains the upload's generation."""
        found = self._buckets.storage.read_document(
            self._buckets.output, folder + object_names.RESULT
        )
        return found[0] if found else None

    def stream(self, picture: StoredPicture) -> Iterator[bytes]:
        """Returns a picture in chunks.

        The iterator may raise the same errors.

        Raises:
            Superseded: it does not exist, or not for this generation and revision.
            Rejected: the gzip data of the upload is corrupt, or too large once decompressed.
        """
        if picture.is_original:
            return self._buckets.storage.stream(picture.upload, self._max_bytes)
        blob = self._find(picture)
        ref = ObjectRef(self._buckets.output, blob.name, blob.generation)
        return self._buckets.storage.stream(ref, blob.size)

    def thumbnail(self, picture: StoredPicture, side: int, check: Check) -> bytes:
        """Returns the picture as WebP, scaled down so that no side is longer than `side` pixels.

        Raises:
            Superseded: it does not exist, or not for this generation and revision.
            Rejected: the upload is not a supported image.
            Refused: the stored picture is not an image.
            Cancelled: raised by `check`.
        """
        content, is_original = self._read(picture), picture.is_original
        try:
            return self._sandbox.thumbnail(content, side, check, over_white=is_original)
        except Rejected as error:
            if is_original:
                raise
            # another program may have written to the output bucket
            raise Refused(
                HTTPStatus.BAD_GATEWAY,
                "broken-picture",
                f"gs://{self._buckets.output}/{picture.object_name} is not a readable "
                "image. Upload the original again to create new pictures.",
            ) from error

    def _read(self, picture: StoredPicture) -> bytes:
        if picture.is_original:
            return self._buckets.storage.read(picture.upload, self._max_bytes)
        blob = self._find(picture)
        ref = ObjectRef(self._buckets.output, blob.name, blob.generation)
        return self._buckets.storage.read(ref, blob.size)

    def _find(self, picture: StoredPicture) -> storage.Blob:
        """Returns the object of a picture; of an upload with frames, that of the first frame.

        Raises:
            Superseded: it does not exist, or not for this generation and revision.
        """
        blob = self._buckets.storage.find(self._buckets.output, picture.object_name)
        if blob is None and picture.frame is None:
            return self._find(picture.of_first_frame)
        if blob is None or not picture.belongs_to(Provenance.of(blob)):
            raise self._missing(picture)
        return blob

    def _missing(self, picture: StoredPicture) -> Superseded:
        of = f"{picture.upload}" + (f", revision {picture.revision}" if picture.revision else "")
        uri = f"gs://{self._buckets.output}/{picture.object_name}"
        return Superseded(f"{uri} is not there for {of}")
