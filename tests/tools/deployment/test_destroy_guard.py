"""What stops `make destroy`."""

import sys

import pytest
from google.cloud import storage

from tools.deployment import destroy_guard

INPUT, OUTPUT = "toonmask-input-a-project", "toonmask-output-a-project"


@pytest.fixture
def buckets(bucket: storage.Bucket) -> dict[str, storage.Bucket]:
    """The buckets of a deployment, empty."""
    made = {}
    for name in (INPUT, OUTPUT):
        made[name] = bucket.client.bucket(name)
        if made[name].exists():
            made[name].delete(force=True)
        made[name].create()
    return made


def _guard(monkeypatch: pytest.MonkeyPatch, *options: str) -> str | int | None:
    """Runs it; returns the sentence that it exits with, None if it lets the destroy go on."""
    monkeypatch.setattr(
        sys, "argv", ["guard", "--project", "a-project", "--deployment", "toonmask", *options]
    )
    try:
        destroy_guard.main()
    except SystemExit as end:
        return end.code
    return None


@pytest.mark.usefixtures("buckets")
def test_empty_buckets_are_destroyed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _guard(monkeypatch) is None


def test_a_bucket_with_objects_stops_it_unless_forced(
    buckets: dict[str, storage.Bucket],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("a.png", "b.png"):
        buckets[INPUT].blob(name).upload_from_string(b"x")
    assert "FORCE=1" in str(_guard(monkeypatch))
    assert capsys.readouterr().out == f"gs://{INPUT} holds 2 objects.\n"
    assert _guard(monkeypatch, "--force") is None
    assert INPUT in capsys.readouterr().out


def test_a_deployment_that_is_gone_is_no_obstacle(
    buckets: dict[str, storage.Bucket], monkeypatch: pytest.MonkeyPatch
) -> None:
    for bucket in buckets.values():
        bucket.delete()
    assert _guard(monkeypatch) is None
