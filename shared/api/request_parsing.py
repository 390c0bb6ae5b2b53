"""Parses queries and JSON bodies, and writes JSON responses."""

from http import HTTPStatus
from typing import Annotated, TypeVar

from flask import Response, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.api.problems import Refused, bad_fields

Model = TypeVar("Model", bound=BaseModel)

Name = Annotated[str, Field(min_length=1)]
"""The name of an upload."""


class RequestModel(BaseModel):
    """The base of all queries and bodies. Unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


def query(model: type[Model]) -> Model:
    """Returns the query of the current request.

    Raises:
        Refused: a parameter is invalid (422).
    """
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise bad_fields(error) from error


def json_body(model: type[Model], most_bytes: int) -> Model:
    """Returns the JSON body of the current request.

    A page of another site cannot send JSON without a preflight request.

    Raises:
        Refused: it is not sent as JSON (415), or a field is invalid (422).
        RequestEntityTooLarge: it has more than `most_bytes`.
    """
    if request.mimetype != "application/json":
        fields = ", ".join(model.model_fields)
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", f"Send JSON: {fields}.")
    request.max_content_length = most_bytes
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        raise bad_fields(error) from error


def json_response(text: str | bytes) -> Response:
    """Returns a response with JSON."""
    return Response(text, mimetype="application/json")
