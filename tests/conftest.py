"""Fixtures of all tests: the running system on either broker, and a storage server."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.cloud import storage as gcs
from hypothesis import settings

from local import stack
from local.broker import official
from local.processes import free_ports
from local.stack import Stack
from local.storage.api import create_app
from local.storage.store import Store
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
            Path(root), {"TARGETS": "face,hand"}, request.param, with_api=True
        ) as running,
    ):
        yield running


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says that the slow tests were not run."""
    if terminalreporter.config.option.markexpr == "not slow":
        terminalreporter.write_line("The slow tests were left out: make test-slow")
