"""Who may call: by which name, from which page, and with the key where the service wants one."""

import hmac
from http import HTTPStatus

from flask import request

from shared.api.problems import Refused
from shared.serving import trusted_hosts

KEY_HEADER = "X-API-Key"

_SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing: https://www.rfc-editor.org/rfc/rfc9110#name-safe-methods."""


def check_host(names: frozenset[str]) -> None:
    """Answers to these names alone, where there are any.

    Raises:
        Refused: the request being handled was sent to another one.
    """
    misled = trusted_hosts.refusal(request.headers.get("Host", ""), names)
    if misled:
        raise Refused(HTTPStatus.FORBIDDEN, "foreign-host", misled)


def check_origin(allowed: frozenset[str]) -> None:
    """Lets pages of others look, if at all, and have nothing done unless they are `allowed`.

    Any page may send a form to any address, from inside the network and with all that the browser
    knows of its user.

    Raises:
        Refused: the request being handled comes from another page.
    """
    origin = request.headers.get("Origin")
    own = (f"http://{request.host}", f"https://{request.host}")  # Cloud Run ends TLS before us
    if request.method in _SAFE or origin is None or origin in own or allowed & {origin, "*"}:
        return
    sentence = (
        "Pages of other sites may not call this service. Its operator names in CORS_ORIGINS those "
        "that may."
    )
    raise Refused(HTTPStatus.FORBIDDEN, "foreign-origin", sentence)


def check_key(key: str) -> None:
    """Lets in whoever has the key; the page itself, the document and /healthz are for everybody.

    Raises:
        Refused: the request being handled brings no key, or another one.
    """
    if not request.path.startswith("/v1/") or request.method == "OPTIONS":
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token if scheme.lower() == "bearer" else ""
    told = request.headers.get(KEY_HEADER) or bearer
    if not told:
        raise _refused("no-key", f"This service wants its key in the header {KEY_HEADER}.")
    # WSGI gives headers as if their bytes were Latin-1
    if not hmac.compare_digest(told.encode("latin-1"), key.encode()):
        raise _refused("wrong-key", f"The key in the header {KEY_HEADER} is not the right one.")


def _refused(code: str, detail: str) -> Refused:
    return Refused(HTTPStatus.UNAUTHORIZED, code, detail, {"WWW-Authenticate": "Bearer"})
