"""Who may call: those who have the key, where the service wants one."""

import hmac
from http import HTTPStatus

from flask import request

from shared.api.problems import Refused

KEY_HEADER = "X-API-Key"


def check(key: str) -> None:
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
