"""The response of a function to a push, and its log lines."""

import json
import logging
from collections.abc import Callable
from typing import Any

import flask
import pytest
from google.cloud import storage as gcs

from shared.gcp.events import Message
from shared.gcp.gcs import ObjectRef, Storage
from shared.pipeline.push_handler import PushHandler, record_final_failure
from shared.pipeline.result_store import ResultStore
from shared.runtime import logs
from shared.schemas.errors import ForeignMessage, Transient, UnreadableMessage
from shared.schemas.settings import BucketSettings
from tools.support.pushes import pushed

SETTINGS = BucketSettings(
    input_bucket="in-bucket", output_bucket="a-bucket", trace_project="a-project"
)
TRACE = "0af7651916cd43dd8448eb211c80319c"


def _answer(
    handle: Callable[[Message], None],
    body: Any = None,
    method: str = "POST",
    settings: BucketSettings = SETTINGS,
    **options: Any,
) -> int:
    app = flask.Flask(__name__)
    app.add_url_rule(
        "/",
        "f",
        lambda: PushHandler(settings, Storage(), "uploads").respond(flask.request, handle),
        methods=["GET", "POST"],
    )
    body = pushed(b"hello", {"a": "b"}) | {"deliveryAttempt": 3} if body is None else body
    return app.test_client().open("/", method=method, json=body, **options).status_code


def _raising(error: Exception) -> Callable[[Message], None]:
    def handle(_: Message) -> None:
        raise error

    return handle


def test_what_was_handled_is_acknowledged() -> None:
    handled: list[Message] = []
    assert _answer(handled.append) == 200
    (message,) = handled
    assert (message.data, message.attributes, message.attempt) == (b"hello", {"a": "b"}, 3)


@pytest.mark.parametrize(
    ("error", "status"),
    [(Transient("busy"), 503), (OSError("disk"), 500), (UnreadableMessage("what?"), 422)],
)
def test_trouble_and_what_is_not_understood_is_redelivered(error: Exception, status: int) -> None:
    assert _answer(_raising(error)) == status


@pytest.mark.parametrize("body", [{}, [], "x", {"message": {"data": "!"}}])
def test_what_is_no_push_is_acknowledged_unhandled_and_recorded(
    bucket: gcs.Bucket, body: Any, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        assert _answer(_raising(AssertionError()), body) == 200
    assert caplog.records[-1].levelno == logging.ERROR
    assert caplog.records[-1].__dict__["state"] == "dropped"
    (blob,) = bucket.list_blobs()
    assert caplog.records[-1].__dict__["record"] == f"gs://a-bucket/{blob.name}"
    assert json.loads(blob.download_as_bytes()) == body


def test_a_message_that_a_function_does_not_know_is_acknowledged_and_recorded(
    bucket: gcs.Bucket,
) -> None:
    assert _answer(_raising(ForeignMessage("of another bucket: \u2028\n\x1b"))) == 200
    (blob,) = bucket.list_blobs()
    assert blob.metadata["why"].startswith("of another bucket: \\u2028")
    assert json.loads(blob.download_as_bytes())["message"]["attributes"] == {"a": "b"}


def test_of_a_large_message_the_beginning_is_kept(bucket: gcs.Bucket) -> None:
    assert _answer(_raising(AssertionError()), "x" * 10**6) == 200
    (blob,) = bucket.list_blobs()
    assert (blob.size, blob.metadata["bytes"]) == (2**16, str(10**6 + 2))


def test_what_cannot_be_recorded_is_not_acknowledged(
    bucket: gcs.Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.delete()
    assert _answer(_raising(ForeignMessage("x"))) == 500
    monkeypatch.setattr(Storage, "write", _raising_transient)
    assert _answer(_raising(ForeignMessage("x"))) == 503


def _raising_transient(*_: object) -> None:
    raise Transient("storage is down")


def test_a_body_that_pubsub_cannot_have_sent_is_not_read() -> None:
    assert _answer(_raising(AssertionError()), "x" * (21 * 2**20)) == 413


def test_only_posts_are_deliveries() -> None:
    assert _answer(_raising(AssertionError()), method="GET") == 405


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_what_any_page_can_send_is_no_push_and_is_not_kept(bucket: gcs.Bucket, kind: str) -> None:
    headers = {"Content-Type": kind}
    assert _answer(_raising(AssertionError()), headers=headers) == 415
    assert _answer(_raising(AssertionError()), {}, headers=headers) == 415
    assert not list(bucket.list_blobs())


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=utf-8"},
        {"Content-Type": "text/plain", "ce-type": "google.cloud.pubsub.topic.v1.messagePublished"},
    ],
)
def test_events_say_in_their_headers_what_they_are(headers: dict[str, str]) -> None:
    handled: list[Message] = []
    assert _answer(handled.append, headers=headers) == 200
    assert len(handled) == 1


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:8080", 200), ("evil.example", 403), ("localhost.evil.example", 403)],
)
def test_a_function_answers_to_its_own_names_alone(host: str, status: int) -> None:
    settings = SETTINGS.model_copy(update={"trusted_hosts": frozenset({"localhost"})})
    answer = _answer(lambda _: None, settings=settings, headers={"Host": host})
    assert answer == status


def test_every_line_tells_its_delivery_and_fits_on_one_line(
    capfd: pytest.CaptureFixture[str],
) -> None:
    log = logging.getLogger("test")
    ref = ObjectRef("in-bucket", 'a\n"b"\x1b[31m\u2028.png', 7)

    def handle(_: Message) -> None:
        with logs.context(**ref.log_fields):
            log.info("step", extra={"ms": 5.5})
            raise Transient("SAM2 is busy")

    before = logging.root.handlers[:]
    logs.configure()
    try:
        headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        assert _answer(handle, headers=headers) == 503
    finally:
        logging.root.handlers[:] = before
    written = capfd.readouterr().err
    assert written.isascii()
    assert "\x1b" not in written
    step, failed = map(json.loads, written.splitlines())
    assert step["upload"] == 'gs://in-bucket/a\n"b"\x1b[31m\u2028.png'
    assert (step["generation"], step["attempt"], step["ms"]) == ("7", 3, 5.5)
    assert (step["message"], step["state"], step["severity"]) == ("step", "working", "INFO")
    assert step["logging.googleapis.com/trace"] == f"projects/a-project/traces/{TRACE}"
    assert (failed["message"], failed["state"]) == ("delivery failed", "retrying")
    assert failed["why"] == "SAM2 is busy"
    assert failed["severity"] == "ERROR"


def _uploaded(bucket: gcs.Bucket) -> ObjectRef:
    blob = bucket.blob("cat.png")
    blob.upload_from_string(b"a picture")
    return ObjectRef(bucket.name, blob.name, blob.generation)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Transient("SAM2 answered 503."), "SAM2 answered 503."),
        (OSError("https://user:password@host/"), "OSError"),
    ],
)
def test_the_last_delivery_leaves_the_reason_and_no_secrets(
    bucket: gcs.Bucket, error: Exception, sentence: str
) -> None:
    results, ref = ResultStore(Storage(), bucket.name), _uploaded(bucket)
    for attempt in (9, 10):
        assert not bucket.blob("cat.png/result.json").exists()
        with (
            pytest.raises(type(error)),
            record_final_failure(results, ref.source, attempt, max_attempts=10),
        ):
            raise error
    written = json.loads(bucket.blob("cat.png/result.json").download_as_bytes())
    assert (written["status"], written["reason"]["code"]) == ("failed", "gave-up")
    assert written["reason"]["message"].endswith(f"(10 deliveries). The last error: {sentence}")


def test_a_foreign_message_is_no_failure_of_the_upload_that_it_names(bucket: gcs.Bucket) -> None:
    results, ref = ResultStore(Storage(), bucket.name), _uploaded(bucket)
    with (
        pytest.raises(ForeignMessage),
        record_final_failure(results, ref.source, attempt=10, max_attempts=10),
    ):
        raise ForeignMessage("forged")
    assert [blob.name for blob in bucket.list_blobs()] == ["cat.png"]
