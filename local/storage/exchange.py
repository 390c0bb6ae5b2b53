"""What the routes share: reading a request's parts, naming things in an answer."""

from typing import Any
from urllib.parse import unquote

from flask import request

from local.storage import resources
from local.storage.errors import invalid
from local.storage.index import Entry


def base() -> str:
    """The server's own address, as the client knows it."""
    return request.host_url.rstrip("/")


def resource(entry: Entry) -> dict[str, Any]:
    """The object's resource with links to this server."""
    return resources.object_resource(entry, base())


def decoded(name: str) -> str:
    """An object name from a path that was kept as it was sent."""
    try:
        return unquote(name, errors="strict")
    except UnicodeDecodeError as error:
        raise invalid("Object names are UTF-8.") from error


def asked_generation(parameter: str = "generation") -> int | None:
    """The generation that the query asks for."""
    value = request.args.get(parameter, "")
    if value and not value.isdigit():
        raise invalid(f"{parameter} must be a number, not {value!r}.")
    return int(value) if value else None
