"""The functions' server with clients that send slowly, too much, or nothing."""

import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from local.processes import ProcessTree, free_ports
from local.stack import function_command
from shared.serving.bounded_worker import MOST_HEADER, MOST_URL
from tools.support.examples import ROOT

HEADER_SECONDS = 4
FUNCTION = f"""
import functions_framework
from shared.serving import bounded_worker

bounded_worker.HEADER_SECONDS, bounded_worker.BODY_SECONDS = {HEADER_SECONDS}, 1
bounded_worker.IDLE_SECONDS = 0.5
bounded_worker.MOST_WAITING = 250
bounded_worker.bound_requests()

@functions_framework.http
def count(request):
    return str(len(request.get_data()))
"""
GET = b"GET / HTTP/1.1\r\nHost: here\r\n"
LARGE = GET + b"X: " + b"a" * (MOST_HEADER - 100)
POST = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1000\r\n\r\n"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A function with two threads on the server of all functions, with shorter timeouts."""
    (port,) = free_ports(1)
    with tempfile.TemporaryDirectory() as folder, ProcessTree(Path(folder) / "logs") as tree:
        source = Path(folder) / "main.py"
        source.write_text(FUNCTION)
        command = function_command("count", port, source)
        tree.start("count", command, {"PYTHONPATH": str(ROOT), "THREADS": "2"}, port)
        tree.await_ready()
        yield f"http://127.0.0.1:{port}/"


def _connected(url: str, sent: bytes) -> socket.socket:
    parts = urlsplit(url)
    client = socket.create_connection((parts.hostname, parts.port), timeout=20)
    client.sendall(sent)
    return client


def _told(client: socket.socket) -> str:
    """Returns everything that the server sends until it closes the connection."""
    try:
        return b"".join(iter(lambda: client.recv(2**16), b"")).decode()
    except ConnectionResetError:
        return ""


def _is_served(url: str) -> bool:
    """Before the timeouts of all earlier connections, one after the other, could pass."""
    return requests.post(url, b"abc", timeout=20).text == "3"


def test_who_does_not_end_a_header_keeps_nobody_waiting_and_is_hung_up_on(url: str) -> None:
    with ExitStack() as held:
        clients = [
            held.enter_context(_connected(url, sent))
            for sent in (b"", b"GET / HT", GET, LARGE)
            for _ in range(60)
        ]
        assert _is_served(url)
        assert {_told(client)[:12] for client in clients} <= {"HTTP/1.1 408", ""}
    assert _is_served(url)


def test_more_than_so_many_unfinished_headers_push_out_the_oldest(url: str) -> None:
    start = time.monotonic()
    with ExitStack() as held:
        clients = [held.enter_context(_connected(url, GET)) for _ in range(300)]
        assert _is_served(url)
        assert _told(clients[0])[:12] in ("HTTP/1.1 408", "")
        assert time.monotonic() - start < HEADER_SECONDS, "its own deadline was not over"


def test_a_header_that_comes_bit_by_bit_is_understood(url: str) -> None:
    with _connected(url, b"") as client:
        for part in (b"GET / HTTP/1.1\r\n", b"Host: here\r\nConnection: clo", b"se\r\n\r", b"\n"):
            client.sendall(part)
            time.sleep(0.06)
        assert _told(client).startswith("HTTP/1.1 200")


def test_a_connection_serves_request_after_request_even_sent_at_once(url: str) -> None:
    with requests.Session() as session:
        assert [session.post(url, b"x" * size, timeout=20).text for size in (0, 5, 70_000)] == [
            "0", "5", "70000"
        ]  # fmt: skip
    request_bytes = GET + b"Content-Length: 3\r\n\r\nabc"
    with _connected(url, request_bytes * 2 + GET + b"Connection: close\r\n\r\n") as client:
        assert _told(client).count("HTTP/1.1 200") == 3


@pytest.mark.parametrize("pace", [None, 0.2])
def test_a_body_that_does_not_come_in_time_ends_with_its_connection(
    url: str, pace: float | None
) -> None:
    """A body that stops, and one that arrives very slowly."""
    start = time.monotonic()
    with _connected(url, POST + b"x") as client, _connected(url, POST):
        while pace and time.monotonic() - start < 1.2:
            client.settimeout(pace)
            try:
                client.sendall(b"x")
                if client.recv(1, socket.MSG_PEEK):
                    break
            except (TimeoutError, ConnectionError):
                continue
        client.settimeout(20)
        assert _told(client)[:12] in ("HTTP/1.1 408", "")
    assert time.monotonic() - start < 3
    assert _is_served(url)


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"x" * MOST_URL + b" HTTP/1.1\r\nHost: here\r\n\r\n",
        b"GET /" + b"x" * 8_000_000,
        GET + b"A: " + b"x" * MOST_HEADER,
        b"GET / HTTP/1.1\nHost: here\n\n",
        b"\r\n\r\n\r\n",
    ],
    ids=["URL", "endless URL", "header", "bare line feeds", "empty lines"],
)
def test_what_is_too_long_or_no_request_is_refused_at_once(url: str, sent: bytes) -> None:
    start = time.monotonic()
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as client:
        try:
            client.sendall(sent)
        except ConnectionError:
            return
        assert _told(client)[:10] in ("HTTP/1.1 4", "")
    assert time.monotonic() - start < 1
