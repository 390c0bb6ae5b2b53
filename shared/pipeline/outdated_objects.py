"""Deletes what older uploads, other results and frames that are gone left in an upload's folder."""

from collections.abc import Callable
from functools import cache

from shared.gcp.gcs import Storage
from shared.gcp.provenance import Provenance
from shared.pipeline.upload_frames import UploadFrames
from shared.schemas import object_names
from shared.schemas.documents import ResultDocument, Source, Status


class OutdatedObjects:
    """The outdated objects in the output bucket. Safe to share between threads."""

    def __init__(self, storage: Storage, bucket: str, frames: UploadFrames) -> None:
        self._storage = storage
        self._bucket = bucket
        self._frames = frames

    def delete(self, source: Source, is_old: Callable[[Provenance], bool]) -> None:
        """Deletes the prompts and the image files that are old.

        The prompts stay if they say that the upload has frames.
        """

        def stale(name: str, found: Provenance) -> bool:
            if name == object_names.PROMPTS:
                return is_old(found) and not self._frames.has_frames(source)
            return object_names.is_picture(name) and is_old(found)

        self._storage.delete_stale(self._bucket, source.folder, stale)

    def delete_others(self, document: ResultDocument, provenance: Provenance) -> None:
        """Deletes older prompts, frames and image files, and the files of other results.

        These are of this revision, and of this upload's frames if it has none any more. A rejected
        upload has no prompts either.
        """
        source, is_rejected = document.source, document.status is Status.REJECTED
        has_frames = cache(lambda: self._frames.has_frames(source))

        def is_outdated_frame(found: Provenance) -> bool:
            if found.generation != source.generation:
                return found.generation < source.generation
            return is_rejected or not has_frames()

        def stale(name: str, found: Provenance) -> bool:
            if object_names.is_frame_object(name):
                return is_outdated_frame(found)
            is_of_older_upload = found.generation < source.generation
            is_older = found.edition <= provenance.edition
            if name == object_names.PROMPTS:
                return is_of_older_upload or (is_rejected and is_older)
            if name == object_names.ORIGINAL:
                return is_of_older_upload
            return object_names.is_picture(name) and is_older and found != provenance

        self._storage.delete_stale(self._bucket, source.folder, stale)
