"""Reads the parameters and the JSON body of the current request, and responds with JSON."""

from http import HTTPStatus
from typing import TypeVar

from flask import Response, request
from pydantic import BaseModel, ConfigDict, ValidationError

from shared.api.problems import Refused, bad_fields

Model = TypeVar("Model", bound=BaseModel)


class RequestModel(BaseModel):
    """The base of parameters and bodies. Unknown fields are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


def query(model: type[Model]) -> Model:
    """Returns the query parameters.

    Raises:
        Refused: one is invalid (422).
    """
    try:
        return model.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise bad_fields(error) from error


def json_body(model: type[Model], most_bytes: int, expected: str) -> Model:
    """Returns the JSON body of at most `most_bytes`; `expected` names its fields.

    A page of another site cannot send JSON without a preflight request.

    Raises:
        Refused: it is not JSON (415), or a field is invalid (422).
    """
    if request.mimetype != "application/json":
        sentence = f"Send JSON: {expected}."
        raise Refused(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", sentence)
    request.max_content_length = most_bytes
    try:
        return model.model_validate_json(request.get_data())
    except ValidationError as error:
        raise bad_fields(error, parts=None) from error


def json_response(text: str | bytes) -> Response:
    """Returns a response with this JSON."""
    return Response(text, mimetype="application/json")
