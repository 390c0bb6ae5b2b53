"""`make redrive` and `make backfill` on a running system."""

import argparse
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from google.pubsub_v1 import types

from local.operations.deployment import add_arguments, choose_target
from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack, subscription_path, topic_path
from tests.local.operating import PLAIN, await_true, operate, output_of
from tests.pulling import pulling
from tools.support.pipeline import await_results, document, output_names, put

on_one_broker = pytest.mark.parametrize("system", ["embedded"], indirect=True)


@pytest.fixture
def published(system: Stack) -> Iterator[list[str]]:
    """Names of the uploads in published notifications, in order."""
    subscription = subscription_path(f"watch-{uuid.uuid4().hex[:8]}")
    system.subscriber.create_subscription(
        request=types.Subscription(name=subscription, topic=topic_path("uploads"))
    )
    names: list[str] = []

    def note(messages: Sequence[types.PubsubMessage]) -> None:
        names.extend(message.attributes["objectId"] for message in messages)

    with pulling(system.subscriber, subscription, note):
        yield names
    system.subscriber.delete_subscription(subscription=subscription)


def _until(names: list[str], count: int) -> list[str]:
    await_true(lambda: len(names) >= count)
    return names


def test_dead_letters_are_replayed_and_their_failures_replaced(
    system: Stack, root: Path, folder: str
) -> None:
    name = f"{folder}/cat.png"
    generations = put(system, name, PLAIN)
    await_results(system, generations)
    prompts = system.storage.bucket(OUTPUT_BUCKET).blob(f"{name}/prompts.json").download_as_bytes()
    for blob in system.storage.list_blobs(OUTPUT_BUCKET, prefix=f"{name}/"):
        blob.delete()
    identity = {
        "bucketId": INPUT_BUCKET, "objectId": name, "objectGeneration": str(generations[name]),
        "CloudPubSubDeadLetterSourceDeliveryCount": "10",
    }  # fmt: skip
    system.publisher.publish(topic_path("prompts-dead"), prompts, **identity).result()
    (outcome,) = await_results(system, generations).values()
    assert outcome.status == "failed"
    assert "prompts: 1 dead letters sent again" in output_of(operate("redrive", root))
    deadline = time.monotonic() + 60
    while document(system, f"{name}/result.json")["status"] == "failed":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert "mask.png" in output_names(system, name)


@on_one_broker
def test_a_backfill_announces_what_has_no_result_of_its_own(
    system: Stack, root: Path, folder: str, published: list[str]
) -> None:
    names = [f"{folder}/{number}.png" for number in range(4)]
    generations: dict[str, int] = {}
    for name in (*names, f"{folder}/../rejected.png"):
        generations |= put(system, name, PLAIN)
    await_results(system, generations)
    _until(published, 5)
    bucket = system.storage.bucket(OUTPUT_BUCKET)
    bucket.blob(f"{names[0]}/result.json").delete()
    failed = bucket.get_blob(f"{names[1]}/result.json")
    failed.metadata = {**failed.metadata, "status": "failed"}
    failed.patch()
    older = bucket.get_blob(f"{names[2]}/result.json")
    older.metadata = {**older.metadata, "source-generation": "1"}
    older.patch()
    published.clear()
    under = ["--prefix", f"{folder}/"]
    assert "3 objects" in output_of(operate("backfill", root, *under))
    assert published == []
    assert "3 objects" in output_of(operate("backfill", root, *under, "--go"))
    assert sorted(_until(published, 3)) == names[:3]
    await_results(system, generations)
    assert "5 objects" in output_of(operate("backfill", root, *under, "--all"))


@on_one_broker
def test_a_backfill_that_was_interrupted_goes_on_where_it_was(
    system: Stack, root: Path, folder: str, published: list[str]
) -> None:
    """It is killed as soon as it has saved its progress."""
    names = [f"{folder}/{number:03}.txt" for number in range(120)]
    for name in names:
        put(system, name, b"no image", "text/plain")
    assert len(_until(published, 120)) == 120
    published.clear()
    options = ["--prefix", f"{folder}/", "--all", "--go", "--rate", "30"]
    cursor = root.parent / "backfill.json"
    first = operate("backfill", root, *options)
    await_true(lambda: cursor.exists() and names[100] in cursor.read_text())
    first.kill()
    first.communicate()
    output = output_of(operate("backfill", root, *options))
    assert "Continuing after" in output
    await_true(lambda: set(published) == set(names))
    assert len(published) < 140, "it started from the beginning"
    assert not cursor.exists()


@on_one_broker
def test_a_backfill_keeps_its_rate(system: Stack, root: Path, folder: str) -> None:
    for number in range(10):
        put(system, f"{folder}/{number}.txt", b"no image", "text/plain")
    started = time.monotonic()
    options = ["--prefix", f"{folder}/", "--all", "--go", "--rate", "5"]
    assert "10 objects" in output_of(operate("backfill", root, *options))
    assert time.monotonic() - started >= 2


def test_without_a_system_there_is_word_of_it(tmp_path: Path) -> None:
    for name in ("redrive", "backfill"):
        operation = operate(name, tmp_path)
        output, _ = operation.communicate(timeout=60)
        assert operation.returncode == 1
        assert "make up" in output


def test_in_the_cloud_names_are_those_of_terraform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:9")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    target = choose_target(
        parser.parse_args(["--project", "my-project", "--deployment", "cartoons"])
    )
    assert target.input_bucket == "cartoons-input-my-project"
    assert target.topic("uploads") == "projects/my-project/topics/cartoons-uploads"
    dead = "projects/my-project/subscriptions/cartoons-prompts-dead"
    assert target.dead_letters("prompts") == dead
