"""Deletes uploads with their results."""

from bisect import bisect_right
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import storage

from shared.api.buckets import Buckets
from shared.api.upload_selection import ChosenUpload, Outcome, OutcomeCode
from shared.gcp.gcs import RETRY, TIMEOUT
from shared.gcp.provenance import Provenance
from shared.schemas import object_names
from shared.schemas.documents import MOST_FRAMES

_PAGE = 1000
"""Objects in one listing: the most that Cloud Storage returns in a page."""

_PARALLEL = 4
"""Objects of one upload that are deleted at a time. Chosen by hand: eight uploads are deleted at a
time, and an upload with a hundred frames has hundreds of objects."""

_PROCESSED = (
    "It had no result yet. If it is being processed now, its result can still arrive: delete it "
    "again then."
)

_WRITTEN = "Its results are being written now. Delete it again in a moment."


class UploadDeletion:
    """Deletes uploads of a pair of buckets. Safe to share between threads."""

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def delete(self, upload: ChosenUpload) -> Outcome:
        """Deletes this generation of an upload, and the objects of its results and older ones.

        The upload goes last. If this ends early, the upload is still listed, and the next call
        deletes the rest. result.json goes first, because all its image files exist as long as it
        does; those of frames follow. Of an upload that is gone, the results are deleted. Objects of
        newer uploads stay.

        Raises:
            GoogleAPICallError: Cloud Storage is unavailable, or refuses.
        """
        existing = self._buckets.storage.find(self._buckets.input, upload.name)
        if existing is not None and existing.generation != upload.generation:
            return Outcome.of(upload, OutcomeCode.SUPERSEDED)
        folder = object_names.folder(upload.name)
        own = [
            blob
            for blob in chain(self._own(folder), self._of_frames(folder))
            if Provenance.of(blob).generation <= upload.generation
        ]
        result = folder + object_names.RESULT
        documents = [blob for blob in own if _is_result(blob)]
        deleted = [_delete(blob) for blob in sorted(documents, key=lambda one: one.name != result)]
        with ThreadPoolExecutor(_PARALLEL) as pool:
            deleted += pool.map(_delete, (blob for blob in own if not _is_result(blob)))
        if not all(deleted):
            return Outcome.of(upload, OutcomeCode.FAILED, _WRITTEN)
        if existing is None:
            return Outcome.of(upload, OutcomeCode.DONE if own else OutcomeCode.GONE)
        if not _delete(existing):
            return Outcome.of(upload, OutcomeCode.SUPERSEDED)
        had_result = any(blob.name == result for blob in own)
        return Outcome.of(upload, OutcomeCode.DONE, None if had_result else _PROCESSED)

    def _of_frames(self, folder: str) -> Iterator[storage.Blob]:
        """Yields the objects of the upload's frames."""
        first, last = object_names.folder_of_frame(1), object_names.folder_of_frame(MOST_FRAMES)
        listed = self._buckets.storage.client.list_blobs(
            self._buckets.output,
            prefix=folder,
            start_offset=folder + first,
            end_offset=f"{folder}{last}{object_names.RESULT}\0",
            fields="items(name,generation,metadata),nextPageToken",
            timeout=TIMEOUT,
            retry=RETRY,
        )
        yield from (
            blob for blob in listed if object_names.is_frame_object(blob.name.removeprefix(folder))
        )

    def _own(self, folder: str) -> Iterator[storage.Blob]:
        """Yields the upload's own objects in its folder.

        The folder of an upload `album` has all results of the album. So each listing begins at a
        name that an own object can have, and not behind the last one: others are skipped.
        """
        names = object_names.own_names()
        position = 0
        while position < len(names):
            listed = list(
                self._buckets.storage.client.list_blobs(
                    self._buckets.output,
                    prefix=folder,
                    start_offset=folder + names[position],
                    end_offset=f"{folder}{names[-1]}\0",
                    max_results=_PAGE,
                    fields="items(name,generation,metadata),nextPageToken",
                    timeout=TIMEOUT,
                    retry=RETRY,
                )
            )
            yield from (
                blob for blob in listed if object_names.is_own(blob.name.removeprefix(folder))
            )
            if len(listed) < _PAGE:
                return
            position = bisect_right(names, listed[-1].name.removeprefix(folder))


def _is_result(blob: storage.Blob) -> bool:
    return bool(blob.name.endswith(f"/{object_names.RESULT}"))


def _delete(found: storage.Blob) -> bool:
    """Deletes exactly the found generation. Returns False if another one has replaced it.

    The request names no generation, only a condition. With one, a bucket with object versions would
    not keep the deleted version:
    https://cloud.google.com/storage/docs/json_api/v1/objects/delete.
    """
    blob = found.bucket.blob(found.name)
    try:
        blob.delete(if_generation_match=found.generation, timeout=TIMEOUT, retry=RETRY)
    except NotFound:  # somebody else deleted it, or this request did, and is a retry
        return True
    except PreconditionFailed:
        return False
    return True
