"""The routes of a person's review: read and correct prompts, mark results as checked."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated

from flask import Flask
from flask.typing import ResponseReturnValue
from pydantic import FailFast, Field

from shared.api.bucket_routes import PATH
from shared.api.buckets import Buckets, no_buckets
from shared.api.checked_results import CheckedResults
from shared.api.problems import Refused
from shared.api.request_models import (
    FrameNumber,
    Name,
    RequestModel,
    UploadName,
    json_body,
    json_response,
    query,
)
from shared.api.settings import ApiSettings
from shared.corrections.refusals import CorrectionRefused, RefusalCode
from shared.corrections.saving import Corrections
from shared.gcp.events import MOST_PROMPTS
from shared.gcp.publisher import Publisher
from shared.schemas import object_names
from shared.schemas.documents import MOST_INSTANCES, Generation, Revision
from shared.schemas.prompt import Prompt

PROMPTS, CHECKED = f"{PATH}/prompts", f"{PATH}/checked"

_MOST_BODY_BYTES = 8 * 2**10
"""Limit for the JSON of a mark, in bytes: a name of 1,024 bytes, which JSON may write as up to 6
characters each, and three short fields."""

_STATUSES: Mapping[RefusalCode, HTTPStatus] = {
    RefusalCode.NO_SUCH_UPLOAD: HTTPStatus.NOT_FOUND,
    RefusalCode.NO_PROMPTS: HTTPStatus.NOT_FOUND,
    RefusalCode.HAS_FRAMES: HTTPStatus.UNPROCESSABLE_ENTITY,
    RefusalCode.BAD_PROMPTS: HTTPStatus.UNPROCESSABLE_ENTITY,
}
"""Statuses of refused corrections. All other codes are CONFLICT."""


class Correction(RequestModel):
    """Corrected prompts of an upload."""

    name: Name = Field(description="name of the upload")
    generation: Generation = Field(description="generation of the upload")
    frame: FrameNumber | None = Field(None, description="number of the frame, from 1")
    revision: Revision = Field(description="revision of the prompts that were corrected")
    instances: Annotated[tuple[Prompt, ...], FailFast()] = Field(
        max_length=MOST_INSTANCES, description="all prompts, also those that stay as they are"
    )


class SavedCorrection(RequestModel):
    """The revision of the saved prompts. The result of this revision follows."""

    revision: Revision


class Check(RequestModel):
    """A result that a person has checked, or has to check again."""

    name: Name = Field(description="name of the upload")
    generation: Generation = Field(description="generation of the upload")
    frame: FrameNumber | None = Field(None, description="number of the frame, from 1")
    revision: Revision = Field(description="revision of the result")
    checked: bool


class Checked(RequestModel):
    """Whether the result is marked as checked now."""

    checked: bool


class CorrectionRoutes:
    """The routes of a person's review of results."""

    def __init__(self, buckets: Buckets | None, settings: ApiSettings) -> None:
        self._buckets = buckets
        self._corrections = _corrections(buckets, settings)

    def register(self, app: Flask) -> None:
        """Adds the routes to the app."""
        app.get(PROMPTS)(self._prompts)
        app.post(PROMPTS)(self._save)
        app.post(CHECKED)(self._check)

    def _prompts(self) -> ResponseReturnValue:
        wanted, buckets = query(UploadName), self._required_buckets
        path, uri = wanted.folder + object_names.PROMPTS, buckets.uri(wanted.name)
        found = buckets.storage.read_document(buckets.output, path)
        if found is None:
            sentence = (
                f"{uri} has no prompts. It is being processed, it was rejected, or it does not "
                "exist."
            )
            raise Refused(HTTPStatus.NOT_FOUND, RefusalCode.NO_PROMPTS, sentence)
        return json_response(found[0])

    def _save(self) -> ResponseReturnValue:
        buckets = self._required_buckets
        if self._corrections is None:
            sentence = "This service saves no corrections (PROMPTS_TOPIC is not set)."
            raise Refused(HTTPStatus.NOT_FOUND, "no-corrections", sentence)
        correction = json_body(Correction, MOST_PROMPTS)
        upload = buckets.upload(correction.name, correction.generation)
        try:
            revision = self._corrections.save(
                upload, correction.revision, correction.instances, correction.frame
            )
        except CorrectionRefused as error:
            status = _STATUSES.get(error.code, HTTPStatus.CONFLICT)
            raise Refused(status, error.code, str(error)) from error
        return json_response(SavedCorrection(revision=revision).model_dump_json())

    def _check(self) -> ResponseReturnValue:
        buckets = self._required_buckets
        check = json_body(Check, _MOST_BODY_BYTES)
        upload = buckets.upload(check.name, check.generation)
        results = CheckedResults(buckets)
        results.mark(upload, check.frame, check.revision, checked=check.checked)
        return json_response(Checked(checked=check.checked).model_dump_json())

    @property
    def _required_buckets(self) -> Buckets:
        if self._buckets is None:
            raise no_buckets()
        return self._buckets


def _corrections(buckets: Buckets | None, settings: ApiSettings) -> Corrections | None:
    if buckets is None or settings.prompts_topic is None:
        return None
    return Corrections(buckets.storage, Publisher(), buckets.output, settings.prompts_topic)
