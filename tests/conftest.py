"""Fixtures of all tests: the running system on either broker, and a storage server."""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud import storage as gcs
from hypothesis import settings
from tenacity import wait_exponential_jitter, wait_random
from xdist.scheduler import LoadFileScheduling

from local import stack
from local.broker import official
from local.processes import free_ports
from local.stack import Stack
from local.storage.api import create_app
from local.storage.store import Store
from shared.segmentation.sam2 import resilience
from tools.support.servers import serving

# on a shared machine, the duration of an example has no meaning
settings.register_profile("toonmask", deadline=None)
settings.load_profile("toonmask")


@pytest.fixture(scope="session", params=["embedded", "official"])
def system(request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The complete running system, once with each broker."""
    if request.param == "official" and official.find_emulator() is None:
        pytest.skip(
            "the official Pub/Sub emulator is not on PATH: install the Google Cloud SDK, its "
            "component pubsub-emulator, and Java to run these tests on it as well"
        )
    with (
        tempfile.TemporaryDirectory(prefix="toonmask-test-") as root,
        stack.running(
            Path(root), {"TARGETS": "face,hand", "FRAMES": "all"}, request.param, with_api=True
        ) as running,
    ):
        yield running


@pytest.fixture
def brief_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls to SAM2 and Replicate are retried as often as always, after hundredths of a second."""
    brief = wait_exponential_jitter(initial=0.01, max=0.1, jitter=0.01)
    monkeypatch.setattr(resilience, "_BACKOFF", brief)
    monkeypatch.setattr(resilience, "_STAGGER", wait_random(0, 0.01))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store for a storage server."""
    return Store(tmp_path / "buckets")


@pytest.fixture
def storage_url(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a storage server for `store`, which Google's client library uses."""
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
    with serving(create_app(store), port):
        yield url


@pytest.fixture
def bucket(storage_url: str) -> gcs.Bucket:
    """An empty bucket of the storage server."""
    assert gcs.Client().api_endpoint == storage_url
    return gcs.Client().create_bucket("a-bucket")


_MOST_PROCESSES = 4
"""Each one starts a system of its own, so more of them save little time and take much memory."""

_SHARING = (
    r"tests/(test_pipeline|local/test_(broker|command_line_tools|corrections|frames|notifications|operations)"
    r"|tools/deployment/test_(diagnosis|smoke))\.py",
    r"tests/functions/api/test_(page\w*|foreign_pages)\.py",
    r"tests/functions/api/test_(bucket_\w+|upload_page)\.py",
)
"""The files whose tests use the same `system`, as patterns of their paths. Its start takes ten
processes."""


class _BySystem(LoadFileScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each file to one process, and all files that share a system to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return next((pattern for pattern in _SHARING if re.fullmatch(pattern, file)), file)


def pytest_xdist_auto_num_workers() -> int:
    """One process more than processors: a third of the time, a test waits for a server."""
    return min(_MOST_PROCESSES, (os.cpu_count() or 1) + 1)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    """Distributes the tests over the processes of `make test`."""
    return _BySystem(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says which tests were left out."""
    option = terminalreporter.config.option
    if option.markexpr == "not slow":
        terminalreporter.write_line("The slow tests were left out: make test-slow")
    if "tests/model" in (option.ignore or ()):
        terminalreporter.write_line("The tests of real SAM2 were left out: make test-model")
