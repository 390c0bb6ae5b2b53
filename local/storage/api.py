"""The server's HTTP API: https://cloud.google.com/storage/docs/json_api/v1."""

from collections.abc import Iterable
from typing import Any

from flask import Flask, Response

from local.foreign_pages import WsgiApp
from local.storage.bucket_routes import Buckets
from local.storage.errors import ApiError, error_response
from local.storage.object_routes import Objects
from local.storage.store import Store
from local.storage.upload_routes import Uploads


def create_app(store: Store) -> Flask:
    """Returns the application that serves a store."""
    app = Flask(__name__)
    app.url_map.merge_slashes = False
    app.wsgi_app = _keep_encoded(app.wsgi_app)  # type: ignore[method-assign, assignment]  # how Flask documents middleware
    app.register_error_handler(ApiError, error_response)
    app.after_request(_disable_scripts)
    Buckets(store).register(app)
    Objects(store).register(app)
    Uploads(store).register(app)
    return app


def _disable_scripts(response: Response) -> Response:
    """Adds headers that disable scripts in stored objects, which could read the buckets.

    Cloud Storage serves media from separate hosts instead.
    """
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _keep_encoded(app: WsgiApp) -> WsgiApp:
    """Routes by the path without decoding it: a decoded object name may contain slashes."""

    def with_raw_path(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        environ["PATH_INFO"] = environ["REQUEST_URI"].partition("?")[0]
        return app(environ, start_response)

    return with_raw_path
