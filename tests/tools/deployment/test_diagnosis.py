"""What is said about an upload that got stuck in a project in the cloud."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import google.auth
import pytest
from google.api_core.exceptions import Forbidden
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import RefreshError

from local.operations import dead_letters
from local.operations.deployment import Target
from shared.gcp.gcs import ObjectRef
from tests.tools.deployment.logging_api import LoggingApi, entry
from tests.tools.deployment.preflight.google_server import error
from tools.deployment.diagnosis import Progress, diagnosis
from tools.deployment.upload_logs import ENDPOINT, CloudLogs

Diagnosed = Callable[..., str]

on_one_broker = pytest.mark.parametrize("system", ["embedded"], indirect=True)


@pytest.fixture
def diagnosed(cloud: Target, monkeypatch: pytest.MonkeyPatch) -> Diagnosed:
    """Returns what is said about an upload that got stuck at the first hop."""
    monkeypatch.setattr(google.auth, "default", lambda **_: (AnonymousCredentials(), cloud.project))

    def diagnosed(api: LoggingApi, target: Target = cloud) -> str:
        ref = ObjectRef(cloud.input_bucket, "cat.png", 7)
        progress = Progress(ref, datetime.now(UTC), has_prompts=False)
        with api.served() as url:
            monkeypatch.setenv(ENDPOINT, url)
            return " ".join(diagnosis(target, CloudLogs(cloud.project), progress))

    return diagnosed


@on_one_broker
def test_failed_requests_are_shown_if_the_function_has_logged_nothing(
    diagnosed: Diagnosed,
) -> None:
    denied = {"requestMethod": "POST", "status": 403, "latency": "0s"}
    failed = [
        entry(7, severity="ERROR", textPayload="MIN_SCORE: no number"),
        entry(5, severity="WARNING", textPayload="not authenticated", httpRequest=denied),
    ]
    api = LoggingApi(lambda query: {"entries": failed if "status>=400" in query else []})
    output = diagnosed(api)
    assert "The function toonmask-landmarks has logged no line about it." in output
    assert "WARNING POST answered 403 not authenticated" in output
    assert "ERROR MIN_SCORE: no number" in output
    assert "403: the account that pushes may not call the function." in output
    names = '("toonmask-landmarks" OR "toonmask-landmarks-image")'
    assert f"resource.labels.service_name={names}" in api.queries[-1]["filter"]


@on_one_broker
def test_lines_of_a_function_from_an_image_are_lines_of_the_function(
    diagnosed: Callable[[LoggingApi], str],
) -> None:
    labels = {"service_name": "toonmask-landmarks-image"}
    line = entry(7, severity="ERROR", textPayload="why", resource={"labels": labels})
    output = diagnosed(LoggingApi(lambda _: {"entries": [line]}))
    assert "The last `why` or `reason` is the cause." in output


@on_one_broker
def test_if_nothing_was_called_it_says_what_to_look_at(
    diagnosed: Diagnosed,
) -> None:
    output = diagnosed(LoggingApi(lambda _: {}))
    assert "No request to it has failed either" in output
    assert "gcloud storage buckets notifications list gs://toonmask-input-my-project" in output
    assert "subscriptions describe toonmask-uploads --project=my-project" in output


@on_one_broker
def test_what_may_not_be_read_does_not_hide_the_hop(
    diagnosed: Diagnosed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "pull", _refuse)
    status, body = error(403, "Permission denied for all log views")
    output = diagnosed(LoggingApi(lambda _: (body, status)))
    assert "The landmarks hop did not finish it" in output
    assert "you need roles/pubsub.subscriber on that subscription" in output
    assert "HTTP 403: Permission denied for all log views" in output
    assert "you need roles/logging.viewer on the project" in output


@on_one_broker
@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (error(429, "Quota exceeded", {"reason": "RATE_LIMIT_EXCEEDED"}), "429: Quota exceeded"),
        (error(503, "Try again"), "HTTP 503: Try again"),
        ((200, {"entries": 1}), "answered in an unexpected form"),
    ],
)
def test_a_role_is_named_only_where_it_is_missing(
    diagnosed: Diagnosed, answer: tuple[int, dict[str, Any]], sentence: str
) -> None:
    status, body = answer
    output = diagnosed(LoggingApi(lambda _: (body, status)))
    assert "The log lines cannot be read: logging.googleapis.com" in output
    assert sentence in output
    assert "you need roles/" not in output


@on_one_broker
def test_a_login_that_has_ended_is_no_lack_of_a_role(
    diagnosed: Diagnosed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(AnonymousCredentials, "before_request", _end_login)
    output = diagnosed(LoggingApi(lambda _: {}))
    assert "your login does not work: invalid_grant" in output
    assert "Run: gcloud auth application-default login" in output
    assert "you need roles/" not in output


def _end_login(*_: object) -> None:
    raise RefreshError("invalid_grant: Bad Request")


@on_one_broker
def test_a_subscription_that_is_missing_is_no_lack_of_a_role(
    cloud: Target, diagnosed: Diagnosed
) -> None:
    output = diagnosed(LoggingApi(lambda _: {}), replace(cloud, prefix="others-"))
    assert "There is no subscription projects/my-project/subscriptions/others-uploads" in output
    assert "you need roles/" not in output


def _refuse(*_: object) -> None:
    raise Forbidden("no pubsub.subscriptions.consume")
