"""The routes that export masks as a dataset: of pictures in the request, and of the buckets."""

from collections.abc import Iterator
from contextlib import ExitStack

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from shared.api.buckets import Buckets, no_buckets
from shared.api.cancellation import check_of
from shared.api.concurrency_limit import ConcurrencyLimit
from shared.api.dataset_archive import DatasetArchives, ExportQuery
from shared.api.picture_export import ExportedFiles, PictureExport, exported
from shared.api.request_models import json_body, query
from shared.api.settings import ApiSettings
from shared.api.streaming import hold_until_sent

PICTURES = "/v1/export"
UPLOADS = "/v1/uploads/export"

_MOST_BODY_BYTES = 16 * 2**20
"""Limit for the JSON with pictures, in bytes. Chosen by hand: a thousand pictures with two faces of
2,000 pixels each have 9 MB."""

_MOST_ARCHIVES = 2
"""Archives that are sent at a time. Each occupies a thread until its client has read all of it, and
memory for all its result.json. Chosen by hand: more would leave too few threads for other
requests."""

_ARCHIVE_WAIT = 0.5
"""Seconds that an archive waits for another one to end. Chosen by hand: a waiting one occupies a
thread, too."""

_TOO_MANY_ARCHIVES = (
    f"The limit of {_MOST_ARCHIVES} parallel exports is reached. Try again a little later."
)

_CHUNK_CHARACTERS = 2**18
"""Characters of JSON that are encoded at a time. Chosen by hand."""


class ExportRoutes:
    """The routes of exports. `images` limits the work on pictures, as for masks."""

    def __init__(
        self, buckets: Buckets | None, settings: ApiSettings, images: ConcurrencyLimit
    ) -> None:
        self._archives = DatasetArchives(buckets, settings.max_upload) if buckets else None
        self._images = images
        self._limit = ConcurrencyLimit(_MOST_ARCHIVES, _ARCHIVE_WAIT, _TOO_MANY_ARCHIVES)
        self._max_send = settings.max_send

    def register(self, app: Flask) -> None:
        """Adds the routes to the app."""
        app.post(PICTURES)(self._export_pictures)
        app.get(UPLOADS)(self._export_uploads)

    def _export_pictures(self) -> ResponseReturnValue:
        body = json_body(PictureExport, _MOST_BODY_BYTES)
        check = check_of(request.environ)
        with ExitStack() as slot:
            slot.enter_context(self._images.acquired(check))
            response = Response(_json_chunks(exported(body, check)), mimetype="application/json")
            hold_until_sent(response, request.environ, slot.pop_all(), self._max_send)
        return response

    def _export_uploads(self) -> ResponseReturnValue:
        if self._archives is None:
            raise no_buckets()
        wanted = query(ExportQuery)
        check = check_of(request.environ)
        with ExitStack() as slot:
            slot.enter_context(self._limit.acquired(check))
            response = Response(self._archives.chunks(wanted, check), mimetype="application/zip")
            hold_until_sent(response, request.environ, slot.pop_all(), self._max_send)
        response.headers["Content-Disposition"] = f'attachment; filename="{wanted.format}.zip"'
        return response


def _json_chunks(files: ExportedFiles) -> Iterator[bytes]:
    """Returns the JSON in chunks: Cloud Run limits only responses with a Content-Length."""
    text = files.model_dump_json()
    return (
        text[start : start + _CHUNK_CHARACTERS].encode()
        for start in range(0, len(text), _CHUNK_CHARACTERS)
    )
