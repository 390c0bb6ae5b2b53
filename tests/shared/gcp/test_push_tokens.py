"""Identity tokens of pushes: valid and forged ones, and changing certificates."""

import base64
import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import flask
import pytest
import time_machine
from google.auth import crypt, jwt
from google.cloud import storage as gcs
from pydantic import HttpUrl

from local.metadata import ACCOUNT, Issuer, create_app
from local.processes import free_ports
from shared.gcp.gcs import Storage
from shared.pipeline.push_handler import PushHandler
from shared.schemas.settings import BucketSettings
from tools.support.pushes import pushed
from tools.support.servers import serving

ADDRESS = "https://landmarks.example"
HOUR = 3600


@dataclass
class Google:
    """An issuer of tokens that counts how often its certificates are fetched."""

    url: str
    issuer: Issuer = field(default_factory=Issuer)
    fetched: int = 0
    status: str = "200 OK"

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        self.fetched += 1
        if not self.status.startswith("200"):
            start_response(self.status, [("Content-Length", "0")])
            return [b""]
        return create_app("a-project", self.issuer)(environ, start_response)


@pytest.fixture
def google() -> Iterator[Google]:
    (port,) = free_ports(1)
    made = Google(f"http://127.0.0.1:{port}/certs")
    with serving(made, port):
        yield made


class Function:
    """A function that accepts pushes of one account, and records handled messages."""

    def __init__(self, google: Google) -> None:
        settings = BucketSettings(
            input_bucket="in-bucket",
            output_bucket="a-bucket",
            push_account=ACCOUNT,
            push_certs_url=HttpUrl(google.url),
        )
        self._deliveries = PushHandler(settings, Storage(), "uploads")
        self._app = flask.Flask(__name__)
        self._app.add_url_rule("/", view_func=self._respond, methods=["POST"])
        self.handled = 0

    def _respond(self) -> Any:
        return self._deliveries.respond(flask.request, self._handle)

    def _handle(self, _: object) -> None:
        self.handled += 1

    def answer(self, authorisation: str | None, body: Any = None, scheme: str = "https") -> int:
        """To a push to ADDRESS, as Cloud Run hands it on."""
        headers = {"Host": "landmarks.example", "X-Forwarded-Proto": scheme}
        if authorisation is not None:
            headers["Authorization"] = authorisation
        payload = pushed(b"hello") if body is None else body
        return self._app.test_client().post("/", json=payload, headers=headers).status_code


def _signed(issuer: Issuer, **changes: Any) -> str:
    """Returns a token like those of the issuer, with some claims changed."""
    claims = jwt.decode(issuer.token(ADDRESS), verify=False) | changes
    return f"Bearer {jwt.encode(crypt.RSASigner(issuer._key, 'local'), claims).decode()}"


def _unsigned(header: bytes) -> str:
    parts = (base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (header, b"{}", b"x"))
    return f"Bearer {'.'.join(parts)}"


def test_a_push_of_the_account_is_handled(google: Google) -> None:
    function = Function(google)
    assert function.answer(f"Bearer {google.issuer.token(ADDRESS)}") == 200
    assert function.answer(f"bearer {google.issuer.token(f'{ADDRESS}/')}") == 200
    assert function.answer(_signed(google.issuer, iss="accounts.google.com")) == 200
    assert function.handled == 3


def test_a_push_of_anybody_else_is_not_read_and_leaves_nothing(
    google: Google, bucket: gcs.Bucket, caplog: pytest.LogCaptureFixture
) -> None:
    issuer, now = google.issuer, int(time.time())
    forged = {
        "no token": None,
        "no bearer": "Basic eDp5",
        "an empty one": "Bearer ",
        "no token at all": "Bearer nonsense",
        "of an endless list": f"Bearer {base64.urlsafe_b64encode(b'[' * 5000).decode()}.e30.eA",
        "unsigned": _unsigned(b'{"alg": "none"}'),
        "of no algorithm": _unsigned(b'{"alg": []}'),
        "of no key": _unsigned(b'{"alg": "RS256", "kid": {}}'),
        "of a stranger": f"Bearer {Issuer().token(ADDRESS)}",
        "for another service": f"Bearer {issuer.token('https://drain.example')}",
        "for a name that begins alike": _signed(issuer, aud=f"{ADDRESS}.evil.example"),
        "for nobody": _signed(issuer, aud=None),
        "expired": f"Bearer {issuer.token(ADDRESS, seconds=-600)}",
        "not valid yet": _signed(issuer, iat=now + 600, exp=now + HOUR),
        "of another issuer": _signed(issuer, iss="https://evil.example"),
        "of another account": _signed(issuer, email="stranger@example.com"),
        "of no account": _signed(issuer, email=None),
        "of an account that says so itself": _signed(issuer, email_verified=False),
        "of one that Google did not say is verified": _signed(issuer, email_verified="true"),
    }
    function = Function(google)
    for what, authorisation in forged.items():
        caplog.clear()
        assert function.answer(authorisation) == 401, what
        assert function.answer(authorisation, "what would be recorded") == 401, what
        lines = [line for line in caplog.records if line.name == "shared.pipeline.push_handler"]
        assert [line.levelno for line in lines] == 2 * [logging.ERROR]
        assert [line.getMessage() for line in lines] == 2 * ["push refused"]
        token = (authorisation or "").partition(" ")[2]
        assert not token or token not in str([line.__dict__ for line in lines])
    assert function.answer(f"Bearer {issuer.token(ADDRESS)}", scheme="http") == 401
    assert function.handled == 0
    assert not list(bucket.list_blobs())


def test_certificates_are_kept_as_long_as_they_may_be(google: Google) -> None:
    function = Function(google)
    with time_machine.travel(time.time()) as clock:
        for _ in range(3):
            assert function.answer(f"Bearer {google.issuer.token(ADDRESS)}") == 200
        assert google.fetched == 1
        google.issuer = Issuer()  # its keys rotate
        clock.shift(HOUR + 1)
        assert function.answer(f"Bearer {google.issuer.token(ADDRESS)}") == 200
        assert google.fetched == 2


@pytest.mark.parametrize("status", ["503 Service Unavailable", "404 Not Found"])
def test_without_certificates_a_push_is_to_come_again(
    google: Google, bucket: gcs.Bucket, status: str
) -> None:
    google.status = status
    function = Function(google)
    assert function.answer(f"Bearer {google.issuer.token(ADDRESS)}", {}) == 503
    google.status = "200 OK"
    assert function.answer(f"Bearer {google.issuer.token(ADDRESS)}") == 200
    assert function.handled == 1
    assert not list(bucket.list_blobs())


def test_where_nothing_answers_a_push_is_to_come_again() -> None:
    (port,) = free_ports(1)
    function = Function(Google(f"http://127.0.0.1:{port}/certs"))
    assert function.answer(f"Bearer {Issuer().token(ADDRESS)}") == 503
