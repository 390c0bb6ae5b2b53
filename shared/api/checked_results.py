"""Marks results as checked by a person, in the custom metadata of result.json."""

from http import HTTPStatus

from google.api_core.exceptions import NotFound, PreconditionFailed

from shared.api.buckets import Buckets
from shared.api.problems import Refused
from shared.gcp.gcs import CHECKED_KEY, RETRY, TIMEOUT, ObjectRef
from shared.gcp.provenance import Provenance
from shared.schemas import object_names


class CheckedResults:
    """Marks results. Safe to share between threads.

    A new result of the same upload has metadata of its own, so it is unchecked.
    """

    def __init__(self, buckets: Buckets) -> None:
        self._buckets = buckets

    def mark(self, upload: ObjectRef, frame: int | None, revision: int, *, checked: bool) -> None:
        """Marks the result of this revision of an upload's prompts, or removes the mark.

        `frame` is the number of a frame, or None for the upload, whose mark is one for all frames.

        Raises:
            Refused: there is no such result, or a newer one, or it changed at the same moment.
        """
        name = object_names.folder(upload.name, frame) + object_names.RESULT
        blob = self._buckets.storage.find(self._buckets.output, name)
        if blob is None:
            raise _no_result(upload, revision)
        _check_edition(upload, revision, Provenance.of(blob))
        if (CHECKED_KEY in blob.metadata) is checked:
            return
        blob.metadata = {**blob.metadata, CHECKED_KEY: "true" if checked else None}
        try:
            blob.patch(
                if_generation_match=blob.generation,
                if_metageneration_match=blob.metageneration,
                timeout=TIMEOUT,
                retry=RETRY,
            )
        except (NotFound, PreconditionFailed) as error:
            sentence = f"The result of {upload} changed at the same moment. Load it again."
            raise Refused(HTTPStatus.CONFLICT, "changed", sentence) from error


def _check_edition(upload: ObjectRef, revision: int, found: Provenance) -> None:
    """Refuses to mark a result that the person has not seen."""
    uri = f"gs://{upload.bucket}/{upload.name}"
    if found.generation > upload.generation:
        sentence = f"{uri} was uploaded again. Load its new result."
        raise Refused(HTTPStatus.CONFLICT, "newer-upload", sentence)
    if found.edition > (upload.generation, revision):
        sentence = f"{uri} has a result of revision {found.revision} now. Load it."
        raise Refused(HTTPStatus.CONFLICT, "newer-correction", sentence)
    if found.edition != (upload.generation, revision):
        raise _no_result(upload, revision)


def _no_result(upload: ObjectRef, revision: int) -> Refused:
    sentence = f"{upload} has no result of revision {revision}."
    return Refused(HTTPStatus.NOT_FOUND, "no-result", sentence)
