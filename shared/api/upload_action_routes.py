"""The routes of actions for several uploads: process again, delete, load as an archive."""

from collections.abc import Callable
from contextlib import ExitStack
from http import HTTPStatus

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from shared.api.bucket_routes import PATH
from shared.api.buckets import Buckets, no_buckets
from shared.api.cancellation import check_of
from shared.api.concurrency_limit import ConcurrencyLimit
from shared.api.problems import Refused
from shared.api.request_models import json_body, json_response
from shared.api.settings import ApiSettings
from shared.api.streaming import hold_until_sent
from shared.api.upload_archive import UploadArchive
from shared.api.upload_deletion import UploadDeletion
from shared.api.upload_rerun import UploadRerun
from shared.api.upload_selection import (
    MOST_BODY_BYTES,
    ChosenUpload,
    Outcome,
    Selection,
    apply,
)
from shared.api.zip_stream import MEDIA_TYPE, zip_chunks
from shared.gcp.publisher import Publisher

RERUN = f"{PATH}/rerun"
DELETE = f"{PATH}/delete"
ARCHIVE = f"{PATH}/archive"

_MOST_ACTIONS = 2
"""Actions at a time. Chosen by hand: each occupies one of the 16 threads, starts 8 more, and sends
hundreds of requests to Google's services."""

_ACTION_WAIT = 5
"""Seconds that an action waits for another one to end. Chosen by hand: a waiting one occupies a
thread, too."""

_TOO_MANY_ACTIONS = (
    f"{_MOST_ACTIONS} actions are running, and others wait. Try again a little later."
)


class UploadActionRoutes:
    """The routes of actions. `downloads` limits the archives, which are downloads, too."""

    def __init__(
        self, buckets: Buckets | None, settings: ApiSettings, downloads: ConcurrencyLimit
    ) -> None:
        self._buckets = buckets
        self._topic = settings.uploads_topic
        self._can_delete = settings.can_delete
        self._max_send = settings.max_send
        self._downloads = downloads
        self._actions = ConcurrencyLimit(_MOST_ACTIONS, _ACTION_WAIT, _TOO_MANY_ACTIONS)
        self._publisher = Publisher()

    def register(self, app: Flask) -> None:
        """Adds the routes to the app."""
        app.post(RERUN)(self._rerun)
        app.post(DELETE)(self._delete)
        app.post(ARCHIVE)(self._archive)

    @property
    def _configured(self) -> Buckets:
        if self._buckets is None:
            raise no_buckets()
        return self._buckets

    def _rerun(self) -> ResponseReturnValue:
        buckets = self._configured
        if self._topic is None:
            raise _unavailable("process uploads again", "UPLOADS_TOPIC")
        return self._apply(UploadRerun(buckets, self._publisher, self._topic).rerun)

    def _delete(self) -> ResponseReturnValue:
        buckets = self._configured
        if not self._can_delete:
            raise _unavailable("delete uploads", "CAN_DELETE")
        return self._apply(UploadDeletion(buckets).delete)

    def _archive(self) -> ResponseReturnValue:
        buckets = self._configured
        selection = json_body(Selection, MOST_BODY_BYTES)
        with ExitStack() as slot:
            slot.enter_context(self._downloads.acquired(check_of(request.environ)))
            chunks = zip_chunks(UploadArchive(buckets).entries(selection))
            response = Response(chunks, mimetype=MEDIA_TYPE)
            hold_until_sent(response, request.environ, slot.pop_all(), self._max_send)
        response.headers["Content-Disposition"] = "attachment; filename=results.zip"
        return response

    def _apply(self, act: Callable[[ChosenUpload], Outcome]) -> ResponseReturnValue:
        selection = json_body(Selection, MOST_BODY_BYTES)
        with self._actions.acquired(check_of(request.environ)):
            outcomes = apply(act, selection)
        return json_response(outcomes.model_dump_json())


def _unavailable(what: str, setting: str) -> Refused:
    sentence = f"This service may not {what}. Its operator can allow it with the setting {setting}."
    return Refused(HTTPStatus.FORBIDDEN, "not-allowed", sentence)
