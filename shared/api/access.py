"""Access control: the host name, the origin, and the API key of a request."""

import hmac
from http import HTTPStatus

from flask import request

from shared.api.problems import Refused
from shared.serving import trusted_hosts

KEY_HEADER = "X-API-Key"

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
"""Methods that change nothing: https://www.rfc-editor.org/rfc/rfc9110#name-safe-methods."""


def check_host(trusted: frozenset[str]) -> None:
    """Checks the Host header of the current request. If `trusted` is empty, any host is accepted.

    Raises:
        Refused: the request was sent to another host name.
    """
    refusal = trusted_hosts.refusal(request.headers.get("Host", ""), trusted)
    if refusal:
        raise Refused(HTTPStatus.FORBIDDEN, "foreign-host", refusal)


def check_origin(allowed: frozenset[str]) -> None:
    """Checks that no script or form of another site sent the current request, if it is not safe.

    Without a preflight request, any page may send a form to any address, also inside a private
    network and with the user's credentials. `allowed` has the origins that may do so, or `*`.

    Raises:
        Refused: the request comes from another origin.
    """
    origin = request.headers.get("Origin")
    own = (f"http://{request.host}", f"https://{request.host}")  # Cloud Run ends TLS before us
    if request.method in _SAFE_METHODS or origin in (None, *own) or allowed & {origin, "*"}:
        return
    sentence = (
        "Pages of other sites may not call this service. Its operator can allow origins with the "
        "setting CORS_ORIGINS."
    )
    raise Refused(HTTPStatus.FORBIDDEN, "foreign-origin", sentence)


def check_key(key: str) -> None:
    """Checks the API key of the current request.

    The page, the OpenAPI document and /healthz need no key. Neither do preflight requests, because
    browsers send them without headers of their own.

    Raises:
        Refused: the request has no key, or another one.
    """
    if not request.path.startswith("/v1/") or request.method == "OPTIONS":
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token if scheme.lower() == "bearer" else ""
    received = request.headers.get(KEY_HEADER) or bearer
    if not received:
        raise _refused("no-key", f"This service requires an API key in the header {KEY_HEADER}.")
    # WSGI decodes header bytes as Latin-1
    if not hmac.compare_digest(received.encode("latin-1"), key.encode()):
        raise _refused("wrong-key", f"The API key in the header {KEY_HEADER} is wrong.")


def _refused(code: str, detail: str) -> Refused:
    return Refused(HTTPStatus.UNAUTHORIZED, code, detail, {"WWW-Authenticate": "Bearer"})
