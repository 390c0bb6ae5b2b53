"""The application: who may call, what is where."""

import hmac
from http import HTTPStatus
from pathlib import Path

from flask import Flask, request
from flask_cors import CORS

from shared import VERSION
from shared.api import openapi, problems
from shared.api.bucket_routes import BucketRoutes
from shared.api.face_masks import FaceMasks
from shared.api.library import Library
from shared.api.mask_routes import STATUS_HEADER, MaskRoutes
from shared.api.page import Page
from shared.api.problems import Refused
from shared.api.settings import ApiSettings
from shared.settings import revealed

_FORM_BYTES = 64 * 2**10
"""Of a request, beside the image."""

KEY_HEADER = "X-API-Key"


def create_app(settings: ApiSettings, page: Path) -> Flask:
    """The API, and the page whose files lie in a folder."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = settings.max_bytes + _FORM_BYTES
    problems.register(app)
    if settings.cors_origins:
        CORS(
            app,
            resources=r"/v1/.*",
            origins=sorted(settings.cors_origins),
            expose_headers=[STATUS_HEADER, "Retry-After"],
        )
    key = revealed(settings.api_key)
    if key:
        app.before_request(lambda: _check_key(key))
    masks = FaceMasks(settings)
    MaskRoutes(masks).register(app)
    library = Library.of(settings)
    BucketRoutes(library, masks).register(app)
    Page(page, (library.origin,) if library else ()).register(app)
    app.get("/healthz", endpoint="health")(lambda: {"status": "ok"})
    app.get("/openapi.json", endpoint="document")(lambda: openapi.document(with_key=bool(key)))
    app.get("/v1/about", endpoint="about")(lambda: _about(settings))
    return app


def _about(settings: ApiSettings) -> dict[str, object]:
    """What the page has to know before it begins."""
    return {
        "version": VERSION,
        "max_bytes": settings.max_bytes,
        "max_pixels": settings.max_pixels,
        "input_bucket": settings.input_bucket,
        "output_bucket": settings.output_bucket,
    }


def _check_key(key: str) -> None:
    """Lets in whoever has the key; the page itself, the document and /healthz are for everybody."""
    if not request.path.startswith("/v1/") or request.method == "OPTIONS":
        return
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    bearer = token if scheme.lower() == "bearer" else ""
    told = request.headers.get(KEY_HEADER) or bearer
    # WSGI gives headers as if their bytes were Latin-1
    if not hmac.compare_digest(told.encode("latin-1"), key.encode()):
        raise Refused(
            HTTPStatus.UNAUTHORIZED,
            "no-key" if not told else "wrong-key",
            f"This service wants its key in the header {KEY_HEADER}."
            if not told
            else f"The key in the header {KEY_HEADER} is not the right one.",
            {"WWW-Authenticate": "Bearer"},
        )
