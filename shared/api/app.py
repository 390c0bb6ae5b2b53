"""The application: who may call, what is where."""

import io
import re
from pathlib import Path

from flask import Flask, Request, request
from flask_cors import CORS

from shared import VERSION
from shared.api import access, openapi, problems, sending
from shared.api.bucket_routes import BucketRoutes
from shared.api.face_masks import FaceMasks
from shared.api.library import Library
from shared.api.mask_routes import STATUS_HEADER, WARNING_HEADER, MaskRoutes
from shared.api.page import Page
from shared.api.settings import ANY_ORIGIN, ApiSettings
from shared.decoding.sandbox import Sandbox
from shared.schemas.settings import revealed

_FORM_BYTES = 64 * 2**10
"""Of a request, beside the image."""

_MOST_FORM_PARTS = 100


class _Request(Request):
    """Keeps an uploaded file in memory, once.

    By default it lies on disk, which is memory too on Cloud Run, and is copied when it is read.
    """

    def _get_file_stream(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO()


def create_app(settings: ApiSettings, page: Path) -> Flask:
    """The API, and the page whose files lie in a folder."""
    app = Flask(__name__, static_folder=None)
    app.request_class = _Request
    app.config["MAX_CONTENT_LENGTH"] = settings.max_bytes + _FORM_BYTES
    app.config["MAX_FORM_PARTS"] = _MOST_FORM_PARTS
    problems.register(app)
    if settings.cors_origins:
        CORS(
            app,
            resources=r"/v1/.*",
            origins=_patterns(settings.cors_origins),
            expose_headers=[STATUS_HEADER, WARNING_HEADER, "Retry-After"],
        )
    key = revealed(settings.api_key)
    app.before_request(lambda: access.check_host(settings.trusted_hosts))
    app.before_request(lambda: access.check_origin(settings.cors_origins))
    if key:
        app.before_request(lambda: access.check_key(key))
    sandbox = Sandbox(settings.max_pixels)
    app.after_request(
        lambda answer: sending.sent_in_time(answer, request.environ, settings.max_send)
    )
    masks = FaceMasks(settings, sandbox)
    MaskRoutes(masks, settings.max_send).register(app)
    library = Library.of(settings, sandbox)
    BucketRoutes(library, masks.turns, settings.max_send).register(app)
    Page(page, (library.origin,) if library else ()).register(app)
    app.get("/healthz", endpoint="health")(lambda: {"status": "ok"})
    app.get("/openapi.json", endpoint="document")(
        lambda: openapi.document(with_key=bool(key), max_upload=settings.max_upload)
    )
    app.get("/v1/about", endpoint="about")(lambda: _about(settings))
    return app


def _patterns(origins: frozenset[str]) -> str | list[re.Pattern[str]]:
    """For flask-cors, which takes some texts for regular expressions that match a beginning."""
    if ANY_ORIGIN in origins:
        return ANY_ORIGIN
    return [re.compile(rf"{re.escape(origin)}\Z") for origin in sorted(origins)]


def _about(settings: ApiSettings) -> dict[str, object]:
    """What the page has to know before it begins."""
    return {
        "version": VERSION,
        "max_bytes": settings.max_bytes,
        "max_pixels": settings.max_pixels,
        "input_bucket": settings.input_bucket,
        "output_bucket": settings.output_bucket,
    }
