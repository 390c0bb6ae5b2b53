"""A stand-in for the Logging API."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, request
from flask.typing import ResponseReturnValue

from local.processes import free_ports
from tools.support.servers import serving


class LoggingApi:
    """Keeps the queries. `answer` takes a query's filter and returns entries."""

    def __init__(self, answer: Callable[[str], ResponseReturnValue]) -> None:
        self.queries: list[dict[str, Any]] = []
        self.authorizations: set[str | None] = set()
        self.app = Flask(__name__)

        @self.app.post("/v2/entries:list")
        def entries_list() -> ResponseReturnValue:
            query = request.get_json()
            self.queries.append(query)
            self.authorizations.add(request.headers.get("Authorization"))
            if "pageToken" not in query:
                return {"nextPageToken": "there was no time to search all"}
            return answer(query["filter"])

    @contextmanager
    def served(self) -> Iterator[str]:
        """Yields the root URL."""
        (port,) = free_ports(1)
        with serving(self.app, port):
            yield f"http://127.0.0.1:{port}/"


def entry(seconds: int, **fields: object) -> dict[str, object]:
    """An entry about the service of the first hop."""
    labels = {"service_name": "toonmask-landmarks", "location": "us-central1"}
    return {
        "insertId": f"{seconds}",
        "timestamp": f"2026-01-02T03:04:{seconds:02}.123456789Z",
        "resource": {"type": "cloud_run_revision", "labels": labels},
        **fields,
    }
