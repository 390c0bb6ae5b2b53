"""Helpers for all routes: parse parts of requests, and build parts of responses."""

from typing import Any
from urllib.parse import unquote

from flask import request

from local.storage import resources
from local.storage.errors import invalid
from local.storage.index import Entry


def base() -> str:
    """Returns the server's base URL, as the client used it."""
    return request.host_url.rstrip("/")


def resource(entry: Entry) -> dict[str, Any]:
    """Returns the object's resource with links to this server."""
    return resources.object_resource(entry, base())


def decoded(name: str) -> str:
    """Decodes an object name from a path.

    Raises:
        ApiError: the name is not UTF-8.
    """
    try:
        return unquote(name, errors="strict")
    except UnicodeDecodeError as error:
        raise invalid("Object names must be UTF-8.") from error


def requested_generation(parameter: str = "generation") -> int | None:
    """Returns the generation in the query; None if it has none.

    Raises:
        ApiError: the value is not a number.
    """
    value = request.args.get(parameter, "")
    if value and not value.isdigit():
        raise invalid(f"{parameter} must be a number, not {value!r}.")
    return int(value) if value else None
