"""A dead letter comes in; result.json with the status `failed` goes out."""

import functions_framework
from flask import Request
from flask.typing import ResponseReturnValue

from shared import logs, serving
from shared.deliveries import Deliveries
from shared.draining import Drain
from shared.settings import BucketSettings, load
from shared.storage import Storage

logs.configure()
serving.bound_requests()
_settings = load(BucketSettings)
_deliveries = Deliveries(_settings, Storage())
_drain = Drain(_settings)


@functions_framework.http
def drain(request: Request) -> ResponseReturnValue:
    """Takes dead letters of both hops, pushed by Pub/Sub."""
    return _deliveries.respond(request, _drain.handle)
