"""An image occupies its slot until its response is sent. An upload is in memory once."""

import io
import json
import socket
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import requests
from werkzeug.test import EnvironBuilder

from shared.api.app import _Request
from tests.functions.api.service import PATH, served
from tools.support.examples import EXAMPLES
from tools.support.pipeline import png

APPLE = (EXAMPLES / "apple.png").read_bytes()
SIDE = 1500
NOISE = png(np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8))
"""Its overlay has the same size, which is larger than all buffers of a connection."""


@contextmanager
def _half_read(url: str) -> Iterator[socket.socket]:
    """Sends an image, and reads only the start of the response."""
    boundary = "a-boundary"
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    body = head.encode() + NOISE + f"\r\n--{boundary}--\r\n".encode()
    parts = urlsplit(url)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect((parts.hostname, parts.port))
        request = (
            f"POST {PATH} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n"
            f"Content-Type: multipart/form-data; boundary={boundary}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        client.sendall(request.encode() + body)
        assert client.recv(12) == b"HTTP/1.1 200"
        yield client


def _send(url: str) -> requests.Response:
    return requests.post(f"{url}{PATH}", files={"image": APPLE}, timeout=60)


def test_others_wait_until_a_response_is_read(tmp_path: Path) -> None:
    limits = {"MAX_PARALLEL": "1", "MAX_WAIT": "0.2", "THREADS": "4"}
    with served(tmp_path, limits) as url, _half_read(url) as client:
        assert _send(url).status_code == 429
        rest = b"".join(iter(lambda: client.recv(2**20), b""))
        assert b"".join(_chunks(rest.partition(b"\r\n\r\n")[2])).endswith(b"}")
        assert _send(url).status_code == 200


def test_a_client_that_does_not_read_is_disconnected(tmp_path: Path) -> None:
    limits = {"MAX_PARALLEL": "1", "MAX_WAIT": "50", "MAX_SEND": "0.5", "THREADS": "4"}
    with served(tmp_path, limits) as url, _half_read(url):
        assert _send(url).status_code == 200


def test_a_disconnect_frees_the_slot(tmp_path: Path) -> None:
    limits = {"MAX_PARALLEL": "1", "MAX_WAIT": "50", "MAX_SEND": "1000", "THREADS": "4"}
    with served(tmp_path, limits) as url:
        with _half_read(url):
            pass
        assert _send(url).status_code == 200


def test_a_connection_is_reused_after_a_response(tmp_path: Path) -> None:
    with served(tmp_path, {"THREADS": "4"}) as url, requests.Session() as session:
        for _ in range(2):
            response = session.post(f"{url}{PATH}", files={"image": APPLE}, timeout=60)
            assert json.loads(response.content)["status"] == "empty"


def _chunks(body: bytes) -> Iterator[bytes]:
    """Yields the chunks of a chunked body: RFC 9112, section 7.1."""
    file = io.BytesIO(body)
    while size := int(file.readline(), 16):
        yield file.read(size)
        file.readline()


def test_an_uploaded_file_is_in_memory_once() -> None:
    size = 20 * 2**20
    builder = EnvironBuilder(method="POST", data={"image": (io.BytesIO(bytes(size)), "a.png")})
    request = _Request(builder.get_environ())
    tracemalloc.start()
    stream = request.files["image"].stream
    assert isinstance(stream, io.BytesIO)
    assert len(stream.getvalue()) == size
    assert tracemalloc.get_traced_memory()[1] < 1.5 * size
    tracemalloc.stop()
