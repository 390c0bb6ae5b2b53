"""What is said about an upload that got stuck in a project in the cloud."""

from collections.abc import Callable
from datetime import UTC, datetime

import google.auth
import pytest
from google.api_core.exceptions import Forbidden
from google.auth.credentials import AnonymousCredentials

from local.operations import dead_letters
from local.operations.deployment import Target
from shared.gcp.gcs import ObjectRef
from tests.tools.deployment.logging_api import LoggingApi, entry
from tools.deployment.diagnosis import Progress, diagnosis
from tools.deployment.upload_logs import ENDPOINT, CloudLogs

on_one_broker = pytest.mark.parametrize("system", ["embedded"], indirect=True)


@pytest.fixture
def diagnosed(cloud: Target, monkeypatch: pytest.MonkeyPatch) -> Callable[[LoggingApi], str]:
    """Returns what is said about an upload that got stuck at the first hop."""
    monkeypatch.setattr(google.auth, "default", lambda **_: (AnonymousCredentials(), cloud.project))

    def diagnosed(api: LoggingApi) -> str:
        ref = ObjectRef(cloud.input_bucket, "cat.png", 7)
        progress = Progress(ref, datetime.now(UTC), has_prompts=False)
        with api.served() as url:
            monkeypatch.setenv(ENDPOINT, url)
            return " ".join(diagnosis(cloud, CloudLogs(cloud.project), progress))

    return diagnosed


@on_one_broker
def test_failed_requests_are_shown_if_the_function_has_logged_nothing(
    diagnosed: Callable[[LoggingApi], str],
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
    assert 'resource.labels.service_name="toonmask-landmarks"' in api.queries[-1]["filter"]


@on_one_broker
def test_if_nothing_was_called_it_says_what_to_look_at(
    diagnosed: Callable[[LoggingApi], str],
) -> None:
    output = diagnosed(LoggingApi(lambda _: {}))
    assert "No request to it has failed either" in output
    assert "gcloud storage buckets notifications list gs://toonmask-input-my-project" in output
    assert "subscriptions describe toonmask-uploads --project=my-project" in output


@on_one_broker
def test_what_may_not_be_read_does_not_hide_the_hop(
    diagnosed: Callable[[LoggingApi], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letters, "pull", _refuse)
    output = diagnosed(LoggingApi(lambda _: ("logging.logEntries.list denied", 403)))
    assert "The landmarks hop did not finish it" in output
    assert "you need roles/pubsub.subscriber on that subscription" in output
    assert "403: logging.logEntries.list denied" in output
    assert "you need roles/logging.viewer on the project" in output


def _refuse(*_: object) -> None:
    raise Forbidden("no pubsub.subscriptions.consume")
