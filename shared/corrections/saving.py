"""Saves a person's correction of an upload's prompts, and lets segmentation run again."""

import logging
from collections.abc import Sequence

from google.api_core.exceptions import GoogleAPIError
from pydantic import ValidationError

from shared.corrections.refusals import CorrectionRefused, RefusalCode
from shared.gcp.events import MOST_PROMPTS
from shared.gcp.gcs import ObjectRef, ObjectToWrite, Storage, Stored
from shared.gcp.provenance import Provenance
from shared.gcp.publisher import Publisher
from shared.runtime import logs
from shared.runtime.trace_context import TraceContext
from shared.schemas import object_names
from shared.schemas.box import Box
from shared.schemas.documents import MOST_INSTANCES, MOST_REVISION, Missed, PromptsDocument
from shared.schemas.errors import Transient
from shared.schemas.field_errors import problems
from shared.schemas.prompt import Prompt
from shared.schemas.prompt_fit import misfit

_log = logging.getLogger(__name__)


class Corrections:
    """Saves corrections in the output bucket. One per process; safe to share between threads."""

    def __init__(
        self, storage: Storage, publisher: Publisher, output_bucket: str, prompts_topic: str
    ) -> None:
        self._storage = storage
        self._publisher = publisher
        self._output_bucket = output_bucket
        self._prompts_topic = prompts_topic

    def save(
        self,
        upload: ObjectRef,
        base_revision: int,
        instances: Sequence[Prompt],
        frame: int | None = None,
    ) -> int:
        """Replaces the prompts of an upload and publishes them; returns their new revision.

        `frame` is the number of the frame of an upload with frames, else None. `base_revision` is
        the revision that the person has corrected. The new one is one more. If the same correction
        is saved already, it is published again, because publishing may have failed. A person has
        looked at the image, so no candidates count as missed any more.

        Raises:
            CorrectionRefused: the upload or its prompts are not those that the person has seen, or
                the new prompts are invalid. Nothing is written or published.
            Transient: Pub/Sub or other writers were in the way. Save the same again.
        """
        with logs.context(**upload.log_fields):
            self._check_upload(upload)
            folder = object_names.folder(upload.name, frame)
            document, is_new = self._write(upload, folder, base_revision, tuple(instances))
            self._publish(document, repeated=not is_new)
            fields = {"revision": document.revision, "instances": len(document.instances)}
            _log.info("corrected", extra=fields)
            return document.revision

    def _check_upload(self, upload: ObjectRef) -> None:
        """Refuses a correction of anything but the current content of the input bucket."""
        current = self._storage.find(upload.bucket, upload.name)
        if current is not None and current.generation > upload.generation:
            raise _newer_upload(upload)
        if current is None or current.generation != upload.generation:
            raise CorrectionRefused(RefusalCode.NO_SUCH_UPLOAD, f"There is no upload {upload}.")

    def _write(
        self, upload: ObjectRef, folder: str, base_revision: int, instances: tuple[Prompt, ...]
    ) -> tuple[PromptsDocument, bool]:
        """Writes prompts.json. Returns its content, and whether it was not there before."""
        attempts: list[PromptsDocument] = []

        def corrected(stored: Stored | None) -> tuple[ObjectToWrite, Provenance] | None:
            before = _stored_prompts(upload, stored)
            saved = _corrected(before, base_revision, instances)
            attempts.append(saved)
            if saved == before:
                return None
            provenance = Provenance(upload.generation, saved.config, revision=saved.revision)
            return ObjectToWrite.document(name, saved), provenance

        name = folder + object_names.PROMPTS
        is_new = self._storage.update(self._output_bucket, name, corrected)
        return attempts[-1], is_new

    def _publish(self, document: PromptsDocument, *, repeated: bool) -> None:
        try:
            self._publisher.publish_prompts(
                self._prompts_topic, document, TraceContext(), repeated=repeated
            )
        except (GoogleAPIError, TimeoutError) as error:
            _log.exception("not published")
            raise Transient(
                f"Correction {document.revision} is stored, but was not published "
                f"({type(error).__name__}). Save it again."
            ) from error


def _stored_prompts(upload: ObjectRef, stored: Stored | None) -> PromptsDocument:
    """Returns the prompts of the upload."""
    if stored is None or stored[1].generation < upload.generation:
        sentence = f"{upload} has no prompts. It is being processed, or it was rejected."
        raise CorrectionRefused(RefusalCode.NO_PROMPTS, sentence)
    content, provenance = stored
    if provenance.generation > upload.generation:
        raise _newer_upload(upload)
    try:
        document = PromptsDocument.model_validate_json(content)
    except ValidationError as error:
        sentence = f"The stored prompts of {upload} are not understood: {problems(error)}"
        raise CorrectionRefused(RefusalCode.UNREADABLE_PROMPTS, sentence) from error
    if document.frames is not None:
        sentence = f"{upload} has {document.frames} frames. Correct one of them."
        raise CorrectionRefused(RefusalCode.HAS_FRAMES, sentence)
    return document


def _corrected(
    before: PromptsDocument, base_revision: int, instances: tuple[Prompt, ...]
) -> PromptsDocument:
    """Returns the prompts after the correction; they equal `before` if it is saved already."""
    if base_revision >= MOST_REVISION:
        sentence = (
            f"An image has at most {MOST_REVISION:,} corrections. Upload it again to continue."
        )
        raise CorrectionRefused(RefusalCode.TOO_MANY_CORRECTIONS, sentence)
    _check_instances(before, instances)
    changes = {"revision": base_revision + 1, "instances": instances, "missed": Missed()}
    after = before.model_copy(update=changes)
    if before.revision != base_revision and after != before:
        sentence = (
            f"This is a correction of revision {base_revision}, but the prompts have revision "
            f"{before.revision} now. Load them, and correct those."
        )
        raise CorrectionRefused(RefusalCode.NEWER_CORRECTION, sentence)
    if (size := len(after.model_dump_json())) > MOST_PROMPTS:
        sentence = f"These are prompts of {size:,} bytes. The limit is {MOST_PROMPTS:,}."
        raise CorrectionRefused(RefusalCode.BAD_PROMPTS, sentence)
    return after


def _check_instances(before: PromptsDocument, instances: tuple[Prompt, ...]) -> None:
    if len(instances) > MOST_INSTANCES:
        sentence = f"These are {len(instances):,} instances. The limit is {MOST_INSTANCES}."
        raise CorrectionRefused(RefusalCode.BAD_PROMPTS, sentence)
    image = Box(0, 0, before.source.width or 0, before.source.height or 0)
    if why := misfit(instances, image):
        sentence = f"The prompts do not fit the image: {why}."
        raise CorrectionRefused(RefusalCode.BAD_PROMPTS, sentence)


def _newer_upload(upload: ObjectRef) -> CorrectionRefused:
    sentence = (
        f"gs://{upload.bucket}/{upload.name} was uploaded again after generation "
        f"{upload.generation}. Correct the prompts of the new upload."
    )
    return CorrectionRefused(RefusalCode.NEWER_UPLOAD, sentence)
