"""Refuses requests of other websites' pages to servers on loopback.

A browser lets any page send requests to 127.0.0.1. If the domain name of the page resolves to
127.0.0.1 (DNS rebinding), the page can read the responses too. The headers Host and Origin identify
such requests, because a page cannot forge them.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from werkzeug import Response

from local.settings import LOOPBACK
from shared.serving import trusted_hosts

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def refuse_foreign_pages(app: WsgiApp) -> WsgiApp:
    """Wraps an application; requests of foreign pages get the status 403."""

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        why = _refusal(environ)
        if why is None:
            return app(environ, start_response)
        return Response(f"{why}\n", HTTPStatus.FORBIDDEN)(environ, start_response)

    return guarded


def _refusal(environ: dict[str, Any]) -> str | None:
    """Returns the error message for a request of a foreign page, else None."""
    host_error = trusted_hosts.refusal(environ.get("HTTP_HOST", ""), LOOPBACK)
    if host_error:
        return host_error
    origin = environ.get("HTTP_ORIGIN")
    if origin is None:
        # requests for images and links have no Origin, but this: https://www.w3.org/TR/fetch-metadata
        is_foreign = environ.get("HTTP_SEC_FETCH_SITE") == "cross-site"
    else:
        scheme, _, host = origin.partition("://")
        is_foreign = scheme not in ("http", "https") or not trusted_hosts.is_one_of(host, LOOPBACK)
    return "Pages of other websites must not call this server." if is_foreign else None
