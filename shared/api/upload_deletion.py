"""Deletes uploads with their results."""

from collections.abc import Iterator, Sequence

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import storage

from shared.api.buckets import Buckets
from shared.api.upload_selection import ChosenUpload, Outcome, OutcomeCode
from shared.gcp.gcs import RETRY, TIMEOUT
from shared.gcp.provenance import Provenance
from shared.runtime.bounded_map import bounded_map
from shared.schemas import object_names

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
            for blob in self._own(folder)
            if Provenance.of(blob).generation <= upload.generation
        ]
        result = folder + object_names.RESULT
        documents = [blob for blob in own if _is_result(blob)]
        deleted = [_delete(blob) for blob in sorted(documents, key=lambda one: one.name != result)]
        others = (blob for blob in own if not _is_result(blob))
        deleted += bounded_map(_delete, others, _PARALLEL)
        if not all(deleted):
            return Outcome.of(upload, OutcomeCode.FAILED, _WRITTEN)
        if existing is None:
            return Outcome.of(upload, OutcomeCode.DONE if own else OutcomeCode.GONE)
        if not _delete(existing):
            return Outcome.of(upload, OutcomeCode.SUPERSEDED)
        had_result = any(blob.name == result for blob in own)
        return Outcome.of(upload, OutcomeCode.DONE, None if had_result else _PROCESSED)

    def _own(self, folder: str) -> Iterator[storage.Blob]:
        """Yields the upload's own objects in its folder.

        The folder of an upload `album` has all results of the album. So each listing begins where
        own objects can be, and not behind the last one: others are skipped.
        """
        start = object_names.next_own("")
        while start is not None:
            listed = list(
                self._buckets.storage.client.list_blobs(
                    self._buckets.output,
                    prefix=folder,
                    start_offset=folder + start,
                    max_results=_PAGE,
                    fields="items(name,generation,metadata),nextPageToken",
                    timeout=TIMEOUT,
                    retry=RETRY,
                )
            )
            yield from (
                blob for blob in listed if object_names.is_own(blob.name.removeprefix(folder))
            )
            start = _next_start(listed, folder) if len(listed) == _PAGE else None


def _is_result(blob: storage.Blob) -> bool:
    return bool(blob.name.endswith(f"/{object_names.RESULT}"))


def _next_start(listed: Sequence[storage.Blob], folder: str) -> str | None:
    """Returns where the next listing begins, relative to the folder; None if nothing can follow."""
    last = listed[-1].name.removeprefix(folder)
    return f"{last}\0" if object_names.is_own(last) else object_names.next_own(last)


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
