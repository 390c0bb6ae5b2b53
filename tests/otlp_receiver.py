"""A receiver of OTLP over HTTP, which decodes real protobuf messages."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1 import trace_pb2

from tools.support.servers import running


@dataclass(frozen=True)
class ReceivedSpan:
    """A span, with the name and the project of its service."""

    service: str
    project: str
    span: trace_pb2.Span

    @property
    def name(self) -> str:
        return f"{self.service}: {self.span.name}"

    @property
    def attributes(self) -> dict[str, object]:
        return _attributes(self.span.attributes)

    @property
    def failed(self) -> bool:
        return self.span.status.code == trace_pb2.Status.STATUS_CODE_ERROR


class Receiver(ThreadingHTTPServer):
    """Keeps all spans, and each request's headers, whose names are in lower case.

    Responds with `status` and `rejection`, but only while `responds` is set.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.spans: list[ReceivedSpan] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.rejection = ExportTraceServiceResponse()
        self.responds = threading.Event()
        self.responds.set()
        self.changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1/traces"

    def wait_for(self, complete: Callable[[list[ReceivedSpan]], bool]) -> list[ReceivedSpan]:
        """Waits until the spans are complete, and returns them."""
        with self.changed:
            assert self.changed.wait_for(lambda: complete(self.spans), timeout=60), self.spans
            return list(self.spans)


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        assert self.path == "/v1/traces"
        assert self.headers["Content-Type"] == "application/x-protobuf"
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.changed:
            self.server.headers.append({key.lower(): value for key, value in self.headers.items()})
            self.server.spans += _spans(ExportTraceServiceRequest.FromString(body))
            self.server.changed.notify_all()
        with suppress(ConnectionError):  # the client may have timed out
            self._respond()

    def _respond(self) -> None:
        self.server.responds.wait()
        content = self.server.rejection.SerializeToString()
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Runs a receiver on a free port while the context lasts."""
    with running(Receiver()) as receiver:
        try:
            yield receiver
        finally:
            receiver.responds.set()


def _spans(request: ExportTraceServiceRequest) -> Iterator[ReceivedSpan]:
    for group in request.resource_spans:
        resource = _attributes(group.resource.attributes)
        service, project = resource["service.name"], resource.get("gcp.project_id", "")
        for scope in group.scope_spans:
            for span in scope.spans:
                yield ReceivedSpan(str(service), str(project), span)


def _attributes(attributes: Iterable[KeyValue]) -> dict[str, object]:
    return {one.key: getattr(one.value, str(one.value.WhichOneof("value"))) for one in attributes}
