"""Keeps web pages of others away from what listens on loopback.

A browser lets any page send requests to 127.0.0.1, and shows it the answers where a name of the
page's own leads there (DNS rebinding). Host and Origin tell such requests: no page can forge them.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from werkzeug import Response

from local.settings import LOOPBACK
from shared.serving import trusted_hosts

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def refused(app: WsgiApp) -> WsgiApp:
    """The application, without the requests of foreign pages."""

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        why = _refusal(environ)
        if why is None:
            return app(environ, start_response)
        return Response(f"{why}\n", HTTPStatus.FORBIDDEN)(environ, start_response)

    return guarded


def _refusal(environ: dict[str, Any]) -> str | None:
    """Why a request is not answered, in a sentence; None for one that is."""
    misled = trusted_hosts.refusal(environ.get("HTTP_HOST", ""), LOOPBACK)
    if misled:
        return misled
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        # pictures and links of pages bring no Origin, but this: https://www.w3.org/TR/fetch-metadata
        is_foreign = environ.get("HTTP_SEC_FETCH_SITE") == "cross-site"
    else:
        scheme, _, host = origin.partition("://")
        is_foreign = scheme not in ("http", "https") or not trusted_hosts.is_one_of(host, LOOPBACK)
    return "Pages from elsewhere may not call what runs on this machine." if is_foreign else None
