"""Pages of other websites cannot use the servers on this machine."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from google.cloud import storage as gcs

from local.processes import free_ports
from tools.support.servers import serving

HTML = "<script>document.title = 'running'</script>"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server that responds with `hello`."""

    def hello(_: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    (number,) = free_ports(1)
    with serving(hello, number):
        yield number


def _status(port: int, *headers: str) -> int:
    """Sends headers that no library would send; returns the response's status."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        lines = ["GET / HTTP/1.1", *headers, "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        return int(connection.makefile().readline().split()[1])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:80", "localhost", "LocalHost:8080", "[::1]:8080"]
)
def test_who_calls_this_machine_by_its_names_is_answered(port: int, host: str) -> None:
    assert _status(port, f"Host: {host}") == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:80", "localhost.evil.example", "evil-localhost", "localhost.",
        "127.0.0.1.evil.example", "127.0.0.1:80@evil.example", "evil.example#127.0.0.1", "0.0.0.0",
        "localhost:80:80", "localhost:port", "localhost:123456", "[::1]x", "::1", "2130706433", "",
    ],
)  # fmt: skip
def test_a_name_that_was_led_here_is_not(port: int, host: str) -> None:
    assert _status(port, f"Host: {host}") in (400, 403)


def test_two_hosts_are_not_one_of_ours(port: int) -> None:
    assert _status(port, "Host: 127.0.0.1", "Host: evil.example") in (400, 403)
    assert _status(port, "Host: 127.0.0.1", "Origin: http://127.0.0.1", "Origin: null") == 403


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:9000", "https://localhost", "http://[::1]:9000"]
)
def test_pages_of_this_machine_may_call(port: int, origin: str) -> None:
    assert _status(port, "Host: localhost", f"Origin: {origin}") == 200


@pytest.mark.parametrize(
    "origin",
    [
        "null", "", "https://evil.example", "http://localhost.evil.example", "localhost",
        "http://127.0.0.1@evil.example", "http://evil.example/http://localhost", "file://",
        "http://localhost/path", "chrome-extension://localhost", "http://localhost http://evil.ex",
    ],
)  # fmt: skip
def test_pages_of_others_may_not(port: int, origin: str) -> None:
    assert _status(port, "Host: localhost", f"Origin: {origin}") == 403


def test_pictures_and_links_of_other_sites_lead_nowhere(port: int) -> None:
    """Requests for images have no Origin."""
    for site, status in (("cross-site", 403), ("same-site", 200), ("none", 200)):
        assert _status(port, "Host: localhost", f"Sec-Fetch-Site: {site}") == status


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_a_form_of_another_page_stores_nothing(
    storage_url: str, bucket: gcs.Bucket, origin: str
) -> None:
    url = f"{storage_url}/upload/storage/v1/b/{bucket.name}/o"
    for kind in ("media", "multipart", "resumable"):
        answer = requests.post(
            url,
            params={"uploadType": kind, "name": "evil.html"},
            data=HTML,
            headers={"Origin": origin, "Content-Type": "text/plain"},
            timeout=10,
        )
        assert (answer.status_code, "Pages of other websites" in answer.text) == (403, True)
    assert not list(bucket.list_blobs())


def test_a_form_is_no_multipart_upload(storage_url: str, bucket: gcs.Bucket) -> None:
    """Forms of any browser are refused, as by Cloud Storage."""
    answer = requests.post(
        f"{storage_url}/upload/storage/v1/b/{bucket.name}/o?uploadType=multipart",
        files={"resource": (None, '{"name": "evil.html"}'), "content": (None, HTML)},
        timeout=10,
    )
    assert (answer.status_code, "multipart/related" in answer.text) == (400, True)
    assert not list(bucket.list_blobs())


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        (None, "attachment"),
        ("inline", "inline"),
        ('attachment; filename="cät.html"', 'attachment; filename="cät.html"'),
        ("inline; filename=😀\r\nSet-Cookie: a=b", "attachment"),
    ],
)
def test_what_is_stored_never_runs_as_a_page(
    bucket: gcs.Bucket, stored: str | None, sent: str
) -> None:
    blob = bucket.blob("a.html")
    blob.content_disposition = stored
    blob.upload_from_string(HTML, content_type="text/html")
    answer = requests.get(blob._get_download_url(bucket.client), timeout=10)
    assert answer.text == HTML
    assert answer.headers["Content-Disposition"] == sent
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    policy = answer.headers["Content-Security-Policy"].split("; ")
    assert "sandbox" in policy, "without allow-scripts and allow-same-origin"
    assert "default-src 'none'" in policy
