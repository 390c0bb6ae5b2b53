"""An image has its turn until its answer is sent; and what is sent is in memory once."""

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
"""Its overlay is as large as itself: no buffer of a connection holds that."""


@contextmanager
def _asking(url: str) -> Iterator[socket.socket]:
    """A client that has sent a picture, has begun to receive its answer, and reads no further."""
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


def _ask(url: str) -> requests.Response:
    return requests.post(f"{url}{PATH}", files={"image": APPLE}, timeout=60)


def test_others_wait_until_an_answer_is_read(tmp_path: Path) -> None:
    limits = {"MAX_PARALLEL": "1", "MAX_WAIT": "0.2", "THREADS": "4"}
    with served(tmp_path, limits) as url, _asking(url) as client:
        assert _ask(url).status_code == 429
        rest = b"".join(iter(lambda: client.recv(2**20), b""))
        assert b"".join(_chunks(rest.partition(b"\r\n\r\n")[2])).endswith(b"}")
        assert _ask(url).status_code == 200


def test_who_does_not_read_is_hung_up_on_and_the_next_has_its_turn(tmp_path: Path) -> None:
    limits = {"MAX_PARALLEL": "1", "MAX_WAIT": "50", "MAX_SEND": "0.5", "THREADS": "4"}
    with served(tmp_path, limits) as url, _asking(url):
        assert _ask(url).status_code == 200


def test_who_hangs_up_gives_its_turn_back(tmp_path: Path) -> None:
    limits = {"MAX_PARALLEL": "1", "MAX_WAIT": "50", "MAX_SEND": "1000", "THREADS": "4"}
    with served(tmp_path, limits) as url:
        with _asking(url):
            pass
        assert _ask(url).status_code == 200


def test_a_connection_serves_again_after_an_answer_was_sent_in_time(tmp_path: Path) -> None:
    with served(tmp_path, {"THREADS": "4"}) as url, requests.Session() as session:
        for _ in range(2):
            answer = session.post(f"{url}{PATH}", files={"image": APPLE}, timeout=60)
            assert json.loads(answer.content)["status"] == "empty"


def _chunks(body: bytes) -> Iterator[bytes]:
    """Of an answer that is sent in chunks: RFC 9112, section 7.1."""
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
