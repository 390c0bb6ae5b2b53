"""Tokens of pages: the position in a listing at which the next page continues.

A position is a name, and not a number of uploads. So uploads that come and go in between neither
repeat nor hide others.
"""

import base64
from http import HTTPStatus
from typing import TypeVar

from pydantic import ValidationError

from shared.api.problems import Refused
from shared.schemas.base import Record

Position = TypeVar("Position", bound=Record)


def encoded(position: Record) -> str:
    """Returns the token of a position, which is valid in a URL."""
    return base64.urlsafe_b64encode(position.model_dump_json().encode()).decode()


def decoded(model: type[Position], token: str) -> Position:
    """Returns the position of a token.

    Raises:
        Refused: no listing of this order has such a token (404).
    """
    try:
        return model.model_validate_json(base64.urlsafe_b64decode(token.encode()))
    except (ValidationError, ValueError) as error:
        sentence = "The page token is invalid. Start with the first page."
        raise Refused(HTTPStatus.NOT_FOUND, "no-such-page", sentence) from error
