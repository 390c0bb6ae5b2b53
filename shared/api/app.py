"""The Flask application: its limits, its access checks, and its routes."""

import io
import re
from pathlib import Path

from flask import Flask, Request, request
from flask_cors import CORS

from shared.api import access, openapi, problems, streaming
from shared.api.about import About
from shared.api.bucket_routes import BucketRoutes, download_limit
from shared.api.buckets import Buckets
from shared.api.concurrency_limit import ConcurrencyLimit
from shared.api.correction_routes import CorrectionRoutes
from shared.api.export_routes import ExportRoutes
from shared.api.face_masks import FaceMasks
from shared.api.mask_routes import STATUS_HEADER, WARNING_HEADER, MaskRoutes
from shared.api.page import Page
from shared.api.settings import ANY_ORIGIN, ApiSettings
from shared.api.upload_action_routes import UploadActionRoutes
from shared.decoding.sandbox import Sandbox
from shared.schemas.settings import revealed

_FORM_BYTES = 1 * 2**20
"""Bytes that a form may have besides the image. Chosen by hand: a prompt has 1 to 8 KiB, and a form
at most 100; all other fields have less than 4 KiB."""

_MOST_FORM_PARTS = 100
"""Limit for the parts of a form. Chosen by hand: this API has 7 fields, and each part costs
processor time."""


class _Request(Request):
    """Keeps an uploaded file in memory once.

    Werkzeug's default is a temporary file, which a read copies to memory. On Cloud Run, the file
    system is memory, too.
    """

    def _get_file_stream(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO()


def create_app(settings: ApiSettings, page: Path) -> Flask:
    """Returns the application with the API, and the page with the files of the folder `page`."""
    app = Flask(__name__, static_folder=None)
    app.request_class = _Request
    app.config["MAX_CONTENT_LENGTH"] = settings.max_bytes + _FORM_BYTES
    app.config["MAX_FORM_MEMORY_SIZE"] = _FORM_BYTES
    app.config["MAX_FORM_PARTS"] = _MOST_FORM_PARTS
    problems.register(app)
    if settings.cors_origins:
        CORS(
            app,
            resources=r"/v1/.*",
            origins=_origin_patterns(settings.cors_origins),
            expose_headers=[STATUS_HEADER, WARNING_HEADER, "Retry-After"],
        )
    key = revealed(settings.api_key)
    app.before_request(lambda: access.check_host(settings.trusted_hosts))
    app.before_request(lambda: access.check_origin(settings.cors_origins))
    if key:
        app.before_request(lambda: access.check_key(key))
    sandbox = Sandbox(settings.max_pixels)
    app.after_request(
        lambda response: streaming.limit_send_time(response, request.environ, settings.max_send)
    )
    images = ConcurrencyLimit(
        settings.max_parallel,
        settings.max_wait,
        f"{settings.max_parallel} images are being processed, and others wait. This one has waited "
        f"{settings.max_wait:g} s: send it again a little later.",
    )
    MaskRoutes(FaceMasks(settings, sandbox), images, settings.max_send).register(app)
    buckets = Buckets.of(settings)
    downloads = download_limit()
    BucketRoutes(buckets, settings, sandbox, images, downloads).register(app)
    UploadActionRoutes(buckets, settings, downloads).register(app)
    ExportRoutes(buckets, settings, images).register(app)
    CorrectionRoutes(buckets, settings).register(app)
    Page(page, (buckets.origin,) if buckets else ()).register(app)
    app.get(openapi.HEALTH, endpoint="health")(lambda: {"status": "ok"})
    app.get(openapi.DOCUMENT, endpoint="document")(
        lambda: openapi.document(with_key=bool(key), max_upload=settings.max_upload)
    )
    app.get(openapi.ABOUT, endpoint="about")(lambda: About.of(settings).model_dump())
    return app


def _origin_patterns(origins: frozenset[str]) -> str | list[re.Pattern[str]]:
    """Returns patterns that match exactly these origins.

    flask-cors treats some strings as regular expressions that match a prefix.
    """
    if ANY_ORIGIN in origins:
        return ANY_ORIGIN
    return [re.compile(rf"{re.escape(origin)}\Z") for origin in sorted(origins)]
