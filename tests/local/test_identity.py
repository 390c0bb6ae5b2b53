"""Identity tokens from the metadata server, through google-auth, to the IAM proxy."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import requests
from google.auth import jwt
from google.auth._exponential_backoff import ExponentialBackoff
from google.pubsub_v1 import types

from local import iam_proxy, metadata
from local.broker.journal import Journal
from local.broker.push import Pusher
from local.broker.topics import Broker
from local.processes import free_ports
from shared.gcp.id_tokens import BearerKey, IdentityToken, NoAuthorisation
from shared.runtime.deadline import Deadline
from shared.schemas.errors import Permanent, Transient
from shared.segmentation.sam2.transport import JsonService
from tests.endpoint import serving as endpoint
from tools.support.servers import serving

AUDIENCE = "https://sam2.example.com"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, metadata.Issuer]]:
    """The URL of an IAM proxy for a service that responds with `hello`, and the issuer."""
    issuer = metadata.Issuer()
    metadata_port, proxy_port, target_port = free_ports(3)
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
        serving(iam_proxy.create_app(target, AUDIENCE, certs), proxy_port),
        serving(hello, target_port),
    ):
        yield f"http://127.0.0.1:{proxy_port}", issuer


def test_a_token_for_the_audience_is_let_through(served: tuple[str, metadata.Issuer]) -> None:
    url, issuer = served
    headers = IdentityToken(AUDIENCE).headers().result(60)
    answer = requests.get(f"{url}/healthz", headers=headers, timeout=5)
    assert (answer.status_code, answer.text) == (200, "hello /healthz")
    claims = jwt.decode(headers["Authorization"].split()[1], certs=issuer.certs())
    assert claims["aud"] == AUDIENCE


def test_the_proxy_refuses_strangers_as_cloud_run_does(
    served: tuple[str, metadata.Issuer],
) -> None:
    url, issuer = served
    another = IdentityToken("https://another.example.com").headers().result(60)
    stranger = metadata.Issuer().token(AUDIENCE)
    expired = issuer.token(AUDIENCE, seconds=-600)
    refused = {
        403: [{}, {"Authorization": "Basic eDp5"}],
        401: [
            another,
            BearerKey("nonsense").headers().result(60),
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
    first = token.headers().result(60)
    assert token.headers().result(60) == first
    credentials = token._credentials
    now = datetime.now(UTC).replace(tzinfo=None)  # google-auth's expiries are naive UTC
    credentials.expiry = now + timedelta(minutes=4)
    token.headers().result(60)
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
        headers = list(pool.map(lambda _: token.headers().result(60)["Authorization"], range(64)))
    assert len(set(headers)) == len(made) == 1


def test_a_refused_call_says_what_to_do(served: tuple[str, metadata.Issuer]) -> None:
    url, _ = served
    service = JsonService(f"{url}/v1/segment", IdentityToken("https://another.example.com"), 5)
    with pytest.raises(Permanent, match=f"identity token of {metadata.ACCOUNT}.*SAM2_AUDIENCE"):
        service.post({}, Deadline.after(5))


def test_a_refused_token_is_renewed_once_and_the_call_goes_on(
    served: tuple[str, metadata.Issuer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a rotation of keys, or a jump of the clock: the client thinks the token is fresh."""
    url, issuer = served
    tokens = _given(monkeypatch, issuer, [metadata.Issuer().token(AUDIENCE)])
    service = JsonService(f"{url}/v1/segment", IdentityToken(AUDIENCE), 5)
    with pytest.raises(Permanent, match="hello"):  # the service's own words, past the proxy
        service.post({}, Deadline.after(20))
    assert len(tokens) == 2


def test_every_attempt_has_a_token_that_is_fresh(
    served: tuple[str, metadata.Issuer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt fails, and meanwhile the token is about to expire."""
    _, issuer = served
    tokens = _given(monkeypatch, issuer, [issuer.token(AUDIENCE, seconds=290)])
    with endpoint() as sam2:
        sam2.answer = lambda _: (503, None) if len(sam2.requests) == 1 else (200, {})
        assert JsonService(sam2.url, IdentityToken(AUDIENCE), 5).post({}, Deadline.after(20)) == {}
    sent = [request.headers["Authorization"] for request in sam2.requests]
    assert sent == [f"Bearer {token}" for token in tokens]
    assert len(set(sent)) == 2


def test_the_broker_renews_a_token_that_a_function_refused(
    served: tuple[str, metadata.Issuer], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, issuer = served
    tokens = _given(monkeypatch, issuer, [metadata.Issuer().token(AUDIENCE)])
    broker = Broker(Journal())
    pusher = Pusher(broker)
    topic = "projects/a-project/topics/a"
    oidc = {"service_account_email": metadata.ACCOUNT, "audience": AUDIENCE}
    with endpoint() as function:
        function.answer = lambda _: (401 if len(function.requests) == 1 else 204, None)
        push = types.PushConfig(push_endpoint=function.url, oidc_token=oidc)
        subscription = types.Subscription(name="a", topic=topic, push_config=push)
        broker.create_subscription(subscription)
        for _ in range(2):
            broker.publish(topic, b"hello", {})
            for due in pusher._due():
                pusher._deliver(*due)
    sent = [request.headers["Authorization"] for request in function.requests]
    assert sent == [f"Bearer {token}" for token in tokens]
    assert len(set(sent)) == 2


def test_a_metadata_server_that_does_not_answer_holds_a_call_no_longer_than_its_deadline(
    served: tuple[str, metadata.Issuer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server responds only after the call has ended. A call that waited would never end."""
    _, issuer = served
    ended = threading.Event()
    real = issuer.token

    def late(audience: str) -> str:
        ended.wait(60)
        return real(audience)

    monkeypatch.setattr(issuer, "token", late)
    with endpoint() as sam2, pytest.raises(Transient):
        JsonService(sam2.url, IdentityToken(AUDIENCE), 5).post({}, Deadline.after(0.5))
    assert not sam2.requests
    ended.set()


def _given(monkeypatch: pytest.MonkeyPatch, issuer: metadata.Issuer, first: list[str]) -> list[str]:
    """The tokens of the metadata server: first these, then real ones."""
    given: list[str] = []
    real = issuer.token

    def token(audience: str) -> str:
        given.append(first[len(given)] if len(given) < len(first) else real(audience))
        return given[-1]

    monkeypatch.setattr(issuer, "token", token)
    return given


def test_calls_that_are_refused_together_all_say_what_to_do(
    served: tuple[str, metadata.Issuer],
) -> None:
    url, _ = served
    service = JsonService(f"{url}/v1/segment", IdentityToken("https://another.example.com"), 20)

    def ask(_: int) -> str:
        with pytest.raises(Permanent) as refusal:
            service.post({}, Deadline.after(30))
        return str(refusal.value)

    with ThreadPoolExecutor(8) as pool:
        sentences = list(pool.map(ask, range(24)))
    assert all(f"identity token of {metadata.ACCOUNT}" in sentence for sentence in sentences)


def test_without_a_metadata_server_the_trouble_is_transient(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (port,) = free_ports(1)
    for variable in ("GCE_METADATA_HOST", "GCE_METADATA_IP"):
        monkeypatch.setenv(variable, f"127.0.0.1:{port}")
    brief = partial(ExponentialBackoff, initial_wait_seconds=0.01)
    monkeypatch.setattr("google.auth.compute_engine._metadata.ExponentialBackoff", brief)
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    with pytest.raises(Transient, match=AUDIENCE):
        IdentityToken(AUDIENCE).headers().result(60)


def test_a_key_is_a_bearer_token_and_nothing_is_nothing() -> None:
    assert BearerKey("k").headers().result(60) == {"Authorization": "Bearer k"}
    assert NoAuthorisation().headers().result(60) == {}


def test_the_metadata_server_wants_its_header(served: tuple[str, metadata.Issuer]) -> None:
    del served
    url = f"http://{os.environ['GCE_METADATA_HOST']}/computeMetadata/v1/project/project-id"
    assert requests.get(url, timeout=5).status_code == 403
    response = requests.get(url, headers={"Metadata-Flavor": "Google"}, timeout=5)
    assert (response.text, response.headers["Metadata-Flavor"]) == ("a-project", "Google")
