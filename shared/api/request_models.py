"""Parses queries and JSON bodies of requests; responds with JSON."""

from http import HTTPStatus
from typing import Annotated, TypeVar

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.api.problems import Refused, bad_fields
from shared.schemas import object_names
from shared.schemas.frames import MOST_FRAMES

Parsed = TypeVar("Parsed", bound=BaseModel)

Name = Annotated[str, Field(min_length=1)]
"""Name of an upload."""


class RequestModel(BaseModel):
    """Common base of queries and bodies."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


FrameNumber = Annotated[int, Field(ge=1, le=MOST_FRAMES)]
"""Number of a frame of an upload."""


class UploadName(RequestModel):
    """Which upload is meant, or which of its frames: its newest generation."""

    name: Name = Field(description="name of the upload")
    frame: FrameNumber | None = Field(None, description="number of the frame, from 1")

    @property
    def folder(self) -> str:
        """The prefix of its objects in the output bucket."""
        return object_names.folder(self.name, self.frame)


def query(model: type[Parsed]) -> Parsed:
    """Returns the query parameters of the current request.

    Raises:
        Refused: one is missing or invalid.
    """
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise bad_fields(error) from error


def json_body(model: type[Parsed], most_bytes: int) -> Parsed:
    """Returns the JSON body of the current request, which has at most `most_bytes`.

    A page of another site cannot send JSON without a preflight request.

    Raises:
        Refused: the body is not JSON, or a field is missing or invalid.
        HTTPException: the body is too large.
    """
    if request.mimetype != "application/json":
        fields = ", ".join(model.model_fields)
        sentence = f"Send JSON with the fields {fields}."
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", sentence)
    request.max_content_length = most_bytes
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        raise bad_fields(error, parts=None) from error


def json_response(text: str | bytes) -> Response:
    """Returns JSON text as a response."""
    return Response(text, mimetype="application/json")
