"""Entry point of the function drain: takes a dead letter, writes a `failed` result.json."""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared.gcp import traces
from shared.gcp.gcs import Storage
from shared.pipeline.drain import Drain
from shared.pipeline.push_handler import PushHandler
from shared.runtime import logs
from shared.schemas.environment import load
from shared.schemas.settings import BucketSettings
from shared.serving import bounded_worker

logs.configure()
bounded_worker.bound_requests()
_settings = load(BucketSettings)
traces.start(_settings, "drain")
_push_handler = PushHandler(_settings, Storage(), "dead letters")
_drain = Drain(_settings)


@functions_framework.http
def drain(request: Request) -> ResponseReturnValue:
    """Handles a dead letter of either hop, pushed by Pub/Sub."""
    return _push_handler.respond(request, _drain.handle)
