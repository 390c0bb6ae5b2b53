"""An invalid message of this pipeline is refused, and kept for a later version."""

import json

import pytest

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack, subscription_path, topic_path
from tools.support.pipeline import await_results, put


@pytest.mark.slow
@pytest.mark.parametrize("system", ["embedded"], indirect=True)
def test_prompts_that_are_not_understood_end_as_failed_and_among_the_dead_letters(
    system: Stack,
) -> None:
    name = "of an unknown version.png"
    generations = put(system, name, b"no image")
    await_results(system, generations)
    system.storage.bucket(OUTPUT_BUCKET).blob(f"{name}/result.json").delete()
    data = json.dumps({"schema": "toonmask/prompts/9"}).encode()
    generation = str(generations[name])
    named = {"bucketId": INPUT_BUCKET, "objectId": name, "objectGeneration": generation}
    system.publisher.publish(topic_path("prompts"), data, **named).result()
    outcome = await_results(system, generations)[name]
    reason = outcome.document.reason
    assert reason is not None
    assert (outcome.status, reason.code) == ("failed", "gave-up")
    subscription = subscription_path("prompts-dead")
    answer = system.subscriber.pull(subscription=subscription, max_messages=10)
    kept = {one.message.data: one.ack_id for one in answer.received_messages}
    assert data in kept
    system.subscriber.acknowledge(subscription=subscription, ack_ids=[kept[data]])
