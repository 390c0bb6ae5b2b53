"""Clients that read nothing, or disconnect early, do not block others."""

import gzip
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlencode, urlsplit

import psutil
import pytest
import requests
from google.cloud import storage as gcs

from local.processes import ProcessTree, free_ports
from local.stack import function_command
from local.storage.api import create_app
from local.storage.store import Store
from tests import endpoint
from tests.endpoint import Endpoint, ReceivedRequest
from tests.functions.api.service import PATH
from tools.support import servers
from tools.support.examples import EXAMPLES, ROOT

MIB = 2**20
SIZE = 64 * MIB
FACE = (EXAMPLES / "avataaars_05.png").read_bytes()
THREADS = 6


@dataclass(frozen=True)
class Api:
    """The running API, its bucket, and its SAM2 server."""

    url: str
    pid: int
    bucket: gcs.Bucket
    sam2: Endpoint

    def picture(self, name: str, generation: int) -> str:
        """Returns the address of an upload's content."""
        query = {"name": name, "generation": generation, "picture": "original"}
        return f"{self.url}/v1/uploads/picture?{urlencode(query)}"

    @property
    def memory(self) -> int:
        """Memory of all its processes, in bytes."""
        main = psutil.Process(self.pid)
        return sum(process.memory_info().rss for process in (main, *main.children(recursive=True)))


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """An API that processes one image at a time, and lets others wait for a long time."""
    port, storage_port = free_ports(2)
    storage = f"http://127.0.0.1:{storage_port}"
    with (
        tempfile.TemporaryDirectory() as folder,
        servers.serving(create_app(Store(Path(folder) / "buckets")), storage_port),
        endpoint.serving() as sam2,
        mock.patch.dict("os.environ", STORAGE_EMULATOR_HOST=storage),
        ProcessTree(Path(folder) / "logs") as tree,
    ):
        settings = {
            "PYTHONPATH": str(ROOT), "THREADS": str(THREADS), "MAX_PARALLEL": "1", "MAX_WAIT": "50",
            "INPUT_BUCKET": "in-bucket", "OUTPUT_BUCKET": "out-bucket", "SAM2_URL": sam2.url,
            "SAM2_AUTH": "none", "MAX_SEND": "30",
        }  # fmt: skip
        tree.start("api", function_command("api", port), settings, port)
        bucket = gcs.Client().create_bucket("in-bucket")
        tree.await_ready()
        yield Api(f"http://127.0.0.1:{port}", tree.group("api"), bucket, sam2)


def _connect(url: str, method: str = "GET", body: bytes = b"", kind: str = "") -> socket.socket:
    """Sends a request, and returns the connection without reading the response."""
    parts = urlsplit(url)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.settimeout(30)
    client.connect((parts.hostname, parts.port))
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    header = f"{method} {path} HTTP/1.1\r\nHost: here\r\nContent-Length: {len(body)}\r\n"
    client.sendall(f"{header}Content-Type: {kind}\r\n\r\n".encode() + body)
    return client


def _request_masks(url: str) -> socket.socket:
    request = requests.Request("POST", f"{url}{PATH}", files={"image": FACE}).prepare()
    assert isinstance(request.body, bytes)
    return _connect(f"{url}{PATH}", "POST", request.body, request.headers["Content-Type"])


@pytest.fixture(scope="module")
def bomb(api: Api) -> str:
    """The address of an upload of 64 MiB that is stored as 64 KB."""
    blob = api.bucket.blob("bomb.png")
    blob.content_encoding = "gzip"
    blob.upload_from_string(gzip.compress(bytes(SIZE)), content_type="image/png")
    return api.picture("bomb.png", blob.generation)


def test_gzipped_uploads_are_sent_in_chunks_and_complete(bomb: str) -> None:
    with requests.get(bomb, stream=True, timeout=60) as response:
        assert "Content-Length" not in response.headers
        assert response.headers["Transfer-Encoding"] == "chunked"
        assert sum(len(part) for part in response.iter_content(MIB)) == SIZE


def test_unread_downloads_need_little_memory_and_leave_threads_free(api: Api, bomb: str) -> None:
    requests.get(bomb, timeout=60)
    before = api.memory
    with ExitStack() as held:
        clients = [held.enter_context(_connect(bomb)) for _ in range(14)]
        status_lines = [client.recv(12) for client in clients]
        assert status_lines.count(b"HTTP/1.1 200") == 4
        assert status_lines.count(b"HTTP/1.1 429") == 10
        assert requests.get(f"{api.url}/healthz", timeout=10).ok
        assert api.memory - before < 30 * MIB
    assert requests.get(bomb, timeout=60).ok


def test_a_disconnect_during_a_sam2_call_frees_the_slot_at_once(api: Api) -> None:
    received, released = threading.Event(), threading.Event()

    def respond(_: ReceivedRequest) -> tuple[int, Any]:
        first = not received.is_set()
        received.set()
        if first:
            assert released.wait(60)
        return 400, None

    api.sam2.answer = respond
    try:
        with _request_masks(api.url):
            assert received.wait(30)
        response = requests.post(f"{api.url}{PATH}", files={"image": FACE}, timeout=30)
        assert response.json()["status"] == "degraded"
        assert not released.is_set()
    finally:
        released.set()


def test_a_disconnect_while_waiting_frees_the_thread(api: Api) -> None:
    received, released = threading.Event(), threading.Event()

    def respond(_: ReceivedRequest) -> tuple[int, Any]:
        received.set()
        assert released.wait(60)
        return 400, None

    api.sam2.answer = respond
    try:
        with ExitStack() as first:
            first.enter_context(_request_masks(api.url))
            assert received.wait(30)
            with ExitStack() as waiting:
                for _ in range(THREADS - 1):
                    waiting.enter_context(_request_masks(api.url))
                with pytest.raises(requests.Timeout):
                    requests.get(f"{api.url}/healthz", timeout=0.5)
            assert requests.get(f"{api.url}/healthz", timeout=10).ok
            released.set()
    finally:
        released.set()


@pytest.mark.parametrize("body", [b"zz\r\n", b"-1\r\n", b"5\r\nabcdefgh\r\n"])
def test_a_body_with_invalid_chunks_is_refused(api: Api, body: bytes) -> None:
    parts = urlsplit(api.url)
    header = "POST /v1/uploads HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as client:
        client.sendall(f"{header}Transfer-Encoding: chunked\r\n\r\n".encode() + body)
        assert client.recv(12) == b"HTTP/1.1 400"
