"""Tokens, from the metadata server by way of google-auth to the gate before the SAM2 service."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from google.auth import jwt

from local import gate, metadata
from local.processes import free_ports
from shared.deadline import Deadline
from shared.errors import Permanent, Transient
from shared.identity import BearerKey, IdentityToken, NoAuthorisation
from shared.sam2.calls import JsonService
from tests.servers import serving

AUDIENCE = "https://sam2.example.com"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, metadata.Issuer]]:
    """The address of a gate before a service that says hello, and the issuer of its tokens."""
    issuer = metadata.Issuer()
    metadata_port, gate_port, target_port = free_ports(3)
    host = f"127.0.0.1:{metadata_port}"
    certs = f"http://{host}/certs"
    target = f"http://127.0.0.1:{target_port}"

    def hello(environ: dict[str, str], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"hello {environ['PATH_INFO']}".encode()]

    for variable in ("GCE_METADATA_HOST", "GCE_METADATA_IP"):
        monkeypatch.setenv(variable, host)
    monkeypatch.setattr("google.auth.compute_engine._metadata._GCE_METADATA_HOST", host)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    with (
        serving(metadata.create_app("a-project", issuer), metadata_port),
        serving(gate.create_app(target, AUDIENCE, certs), gate_port),
        serving(hello, target_port),
    ):
        yield f"http://127.0.0.1:{gate_port}", issuer


def test_a_token_for_the_audience_opens_the_gate(served: tuple[str, metadata.Issuer]) -> None:
    url, issuer = served
    headers = IdentityToken(AUDIENCE).headers()
    answer = requests.get(f"{url}/healthz", headers=headers, timeout=5)
    assert (answer.status_code, answer.text) == (200, "hello /healthz")
    claims = jwt.decode(headers["Authorization"].split()[1], certs=issuer.certs())
    assert claims["aud"] == AUDIENCE


def test_the_gate_refuses_strangers_as_cloud_run_does(
    served: tuple[str, metadata.Issuer],
) -> None:
    url, issuer = served
    another = IdentityToken("https://another.example.com").headers()
    stranger = metadata.Issuer().token(AUDIENCE)
    expired = issuer.token(AUDIENCE, seconds=-600)
    refused = {
        403: [{}, {"Authorization": "Basic eDp5"}],
        401: [
            another,
            BearerKey("nonsense").headers(),
            {"Authorization": f"Bearer {stranger}"},
            {"Authorization": f"Bearer {expired}"},
        ],
    }
    for status, cases in refused.items():
        for headers in cases:
            assert requests.get(url, headers=headers, timeout=5).status_code == status, headers


def test_a_token_is_kept_until_it_nears_its_end_and_then_renewed(
    served: tuple[str, metadata.Issuer],
) -> None:
    del served
    token = IdentityToken(AUDIENCE)
    first = token.headers()
    assert token.headers() == first
    credentials = token._credentials
    now = datetime.now(UTC).replace(tzinfo=None)  # google-auth's expiries are naive UTC
    credentials.expiry = now + timedelta(minutes=4)
    token.headers()
    assert credentials.expiry > now + timedelta(minutes=30)


def test_many_threads_share_one_token(
    served: tuple[str, metadata.Issuer], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, issuer = served
    made: list[str] = []
    real = issuer.token

    def counted(audience: str) -> str:
        made.append(audience)
        return real(audience)

    monkeypatch.setattr(issuer, "token", counted)
    token = IdentityToken(AUDIENCE)
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda _: token.headers()["Authorization"], range(64)))
    assert len(set(told)) == len(made) == 1


def test_a_refused_call_says_what_to_do(served: tuple[str, metadata.Issuer]) -> None:
    url, _ = served
    service = JsonService(f"{url}/v1/segment", IdentityToken("https://another.example.com"), 5)
    with pytest.raises(Permanent, match=f"identity token of {metadata.ACCOUNT}.*SAM2_AUDIENCE"):
        service.ask({}, Deadline.after(5))


def test_without_a_metadata_server_the_trouble_is_transient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (port,) = free_ports(1)
    for variable in ("GCE_METADATA_HOST", "GCE_METADATA_IP"):
        monkeypatch.setenv(variable, f"127.0.0.1:{port}")
    monkeypatch.setenv("GCE_METADATA_DETECT_RETRIES", "1")
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    with pytest.raises(Transient, match=AUDIENCE):
        IdentityToken(AUDIENCE).headers()


def test_a_key_is_a_bearer_token_and_nothing_is_nothing() -> None:
    assert BearerKey("k").headers() == {"Authorization": "Bearer k"}
    assert NoAuthorisation().headers() == {}


def test_the_metadata_server_wants_its_header(served: tuple[str, metadata.Issuer]) -> None:
    del served
    url = f"http://{os.environ['GCE_METADATA_HOST']}/computeMetadata/v1/project/project-id"
    assert requests.get(url, timeout=5).status_code == 403
    told = requests.get(url, headers={"Metadata-Flavor": "Google"}, timeout=5)
    assert (told.text, told.headers["Metadata-Flavor"]) == ("a-project", "Google")
