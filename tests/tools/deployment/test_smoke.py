"""`make smoke` on a running system, as an operator calls it."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from google.api_core.exceptions import Forbidden
from google.cloud.storage import Blob
from rich.console import Console

from local.operations import deployment
from local.operations.deployment import Target
from local.stack import HOPS, INPUT_BUCKET, OUTPUT_BUCKET, Stack, subscription_path, topic_path
from shared.gcp.gcs import Storage
from tests.tools.deployment.logging_api import LoggingApi, entry
from tools.chaos.workers import await_listening
from tools.deployment import smoke
from tools.deployment.upload_logs import ENDPOINT, LocalLogs
from tools.support.examples import ROOT
from tools.support.pipeline import png

NOTHING: Mapping[str, str] = MappingProxyType({})

on_one_broker = pytest.mark.parametrize("system", ["embedded"], indirect=True)


def _start(
    root: Path, *options: str, environment: Mapping[str, str] = NOTHING
) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-m", "tools.deployment.smoke", "--root", str(root)]
    return subprocess.Popen(
        [*command, *options],
        cwd=ROOT, env={**os.environ, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def _end(test: subprocess.Popen[str]) -> tuple[int, str]:
    """Returns the exit code and the output."""
    output, _ = test.communicate(timeout=120)
    return test.returncode, " ".join(output.split())


@contextmanager
def _halted(system: Stack, function: str) -> Iterator[None]:
    system.processes.halt(function)
    try:
        yield
    finally:
        system.processes.resume(function)
        await_listening(system, function)


@contextmanager
def _restarted(system: Stack, function: str, settings: Mapping[str, str]) -> Iterator[None]:
    system.processes.halt(function)
    system.processes.resume(function, settings)
    try:
        await_listening(system, function)
        yield
    finally:
        with _halted(system, function):
            pass


def _await_upload(system: Stack) -> Blob:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for blob in system.storage.list_blobs(INPUT_BUCKET, prefix=smoke.FOLDER):
            return blob
        time.sleep(0.02)
    raise AssertionError("nothing was uploaded")


@pytest.mark.usefixtures("system")
def test_a_system_that_works_passes(root: Path) -> None:
    code, output = _end(_start(root))
    assert code == 0, output
    assert "status segmented faces 1 segmenter grabcut" in output
    assert "OK: the deployment works." in output


@pytest.mark.slow
@on_one_broker
@pytest.mark.parametrize(
    ("settings", "reason", "advice"),
    [
        ({"SAM2_PROVIDER": "http", "SAM2_URL": ""}, "sam2-not-configured", "works without SAM2"),
        ({"SAM2_AUTH": "none"}, "sam2-refused", "The pipeline works, but SAM2 does not."),
    ],
)
def test_without_masks_of_sam2_it_passes_with_a_warning(
    system: Stack, root: Path, settings: dict[str, str], reason: str, advice: str
) -> None:
    with _restarted(system, "segmentation", settings):
        code, output = _end(_start(root))
    assert code == 0, output
    assert "status degraded faces 1 segmenter grabcut" in output
    assert f"WARNING: the result is degraded ({reason})" in output
    assert advice in output


def _smoke(system: Stack, root: Path) -> tuple[bool, str]:
    """Runs the test in this process; returns whether it passes, and its output."""
    output = io.StringIO()
    console = Console(file=output, soft_wrap=True, markup=False, highlight=False)
    test = smoke.SmokeTest(deployment.local_target(system), LocalLogs(root / "logs"), console)
    works = test.run(60)
    return works, " ".join(output.getvalue().split())


@on_one_broker
@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"no image", ["WARNING: the result is rejected. The reason (unsupported-type): ",
                       "MAX_PIXELS of this deployment is too low"]),
        (png(np.full((60, 80, 3), 200, np.uint8)),
         ["status empty faces 0 segmenter none", "WARNING: the result is empty.",
          "Does TARGETS include `face`?"]),
    ],
    ids=["rejected", "empty"],
)  # fmt: skip
def test_a_result_without_a_face_passes_with_a_warning(
    system: Stack, root: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, lines: list[str]
) -> None:
    image = root / "image.png"
    image.write_bytes(content)
    monkeypatch.setattr(smoke, "IMAGE", image)
    works, output = _smoke(system, root)
    assert works
    for line in lines:
        assert line in output


@pytest.mark.slow
@on_one_broker
def test_without_landmarks_it_is_stuck_at_the_first_hop(system: Stack, root: Path) -> None:
    with _halted(system, "landmarks"):
        code, output = _end(_start(root, "--seconds", "2"))
    assert code == 1
    assert "FAILED: no result.json after 2 s." in output
    assert "The landmarks hop did not finish it: there is no prompts.json" in output
    for hop in HOPS:
        assert f"not among the dead letters in {subscription_path(f'{hop}-dead')}" in output
    assert "The function landmarks has logged no line about it." in output
    assert output.endswith("The output of `make up` says which functions have ended.")


@pytest.mark.slow
@on_one_broker
def test_without_segmentation_it_is_stuck_at_the_second_hop(system: Stack, root: Path) -> None:
    with _halted(system, "segmentation"):
        code, output = _end(_start(root, "--seconds", "8"))
    assert code == 1
    assert "The segmentation hop did not finish it: the function landmarks has written" in output
    assert "landmarks INFO publish attempt=1 state=working" in output
    assert "The function segmentation has logged no line about it." in output


@pytest.mark.slow
@on_one_broker
def test_a_dead_letter_is_found_and_stays(system: Stack, root: Path) -> None:
    with _halted(system, "landmarks"):
        test = _start(root)
        blob = _await_upload(system)
        identity = {
            "bucketId": INPUT_BUCKET,
            "objectId": blob.name,
            "objectGeneration": str(blob.generation),
        }
        for number in range(120):  # more than one pull delivers
            other = {**identity, "objectId": f"{number}.png"}
            system.publisher.publish(topic_path("uploads-dead"), b"", **other)
        system.publisher.publish(topic_path("uploads-dead"), b"", **identity).result()
        code, output = _end(test)
    assert code == 1
    assert "FAILED: the result is failed. The reason (gave-up)" in output
    kept = subscription_path("uploads-dead")
    assert f"Its message is among the dead letters in {kept}" in output
    assert f"not among the dead letters in {subscription_path('prompts-dead')}" in output
    assert blob.name in _taken(system, kept, 121)


def _taken(system: Stack, subscription: str, count: int) -> list[str]:
    """Removes so many messages; returns the names of the objects that they are about."""
    names: list[str] = []
    while len(names) < count:
        response = system.subscriber.pull(subscription=subscription, max_messages=100)
        ids = [item.ack_id for item in response.received_messages]
        assert ids, "messages are missing"
        system.subscriber.acknowledge(subscription=subscription, ack_ids=ids)
        names += [item.message.attributes["objectId"] for item in response.received_messages]
    return names


@pytest.mark.slow
@on_one_broker
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_test_that_is_stopped_deletes_what_it_has_made(
    system: Stack, root: Path, number: signal.Signals
) -> None:
    test = _start(root)
    _await_upload(system)
    test.send_signal(number)
    code, output = _end(test)
    assert code == 1
    assert output.endswith("Stopped.")


@on_one_broker
def test_what_cannot_be_deleted_is_named(
    system: Stack, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Storage, "delete_stale", _refuse)
        works, output = _smoke(system, root)
    assert not works
    assert "could not delete what it made: 403 no storage.objects.delete" in output
    storage = Storage()
    storage.client = system.storage
    for bucket in (INPUT_BUCKET, OUTPUT_BUCKET):
        assert f"gs://{bucket}/{smoke.FOLDER}" in output
        storage.delete_stale(bucket, smoke.FOLDER, lambda *_: True)


def _refuse(*_: object) -> None:
    raise Forbidden("no storage.objects.delete")


def test_without_a_system_it_says_so(tmp_path: Path) -> None:
    code, output = _end(_start(tmp_path))
    assert code == 1
    assert "Start `make up`, or add PROJECT=my-project." in output


@pytest.mark.slow
@on_one_broker
def test_in_the_cloud_log_lines_of_the_upload_are_shown(
    system: Stack, root: Path, cloud: Target
) -> None:
    failed = {"message": "delivery failed", "attempt": 2, "why": "no\x1b[2J role", "logger": "x"}
    entries = [
        entry(9, severity="ERROR", jsonPayload=failed),
        entry(8, severity="INFO", jsonPayload={"message": "read"}),
    ]
    api = LoggingApi(lambda _: {"entries": entries})
    with api.served() as url:
        environment = {**system.environment, "CLOUDSDK_CONFIG": str(root), ENDPOINT: url}
        options = ("--project", cloud.project, "--seconds", "1")
        code, output = _end(_start(root, *options, environment=environment))
    assert code == 1
    assert "The landmarks hop did not finish it" in output
    assert "03:04:08 toonmask-landmarks INFO read" in output
    assert "03:04:09 toonmask-landmarks ERROR delivery failed attempt=2 why=no [2J role" in output
    assert output.index("03:04:08") < output.index("03:04:09")
    assert "The last `why` or `reason` is the cause." in output
    assert len(api.queries) == 2, "one query, in two pages"
    assert api.authorizations == {"Bearer local"}
    query = api.queries[0]
    assert query["resourceNames"] == [f"projects/{cloud.project}"]
    upload = f"gs://{cloud.input_bucket}/{smoke.FOLDER}"
    assert query["filter"].startswith(f'jsonPayload.upload="{upload}')
    assert ' AND timestamp>="20' in query["filter"]


@on_one_broker
def test_a_deployment_that_is_not_there_is_named(system: Stack, root: Path) -> None:
    environment = {**system.environment, "CLOUDSDK_CONFIG": str(root)}
    code, output = _end(_start(root, "--project", "no-such-project", environment=environment))
    assert code == 1
    assert "gs://toonmask-input-no-such-project and gs://toonmask-output-no-such" in output
    assert "Name a deployment that `make deploy` has finished" in output
    assert "uploadType" not in output
