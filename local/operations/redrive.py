"""python -m local.operations.redrive: sends dead letters through the pipeline again.

Each is published to its topic anew and only then taken out of the dead letters, so none is lost;
one that fails again comes back to them.
"""

import argparse
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

from google.api_core.exceptions import DeadlineExceeded
from google.pubsub_v1 import types
from rich.console import Console

from local.operations.target import NotRunning, Target, add_arguments, chosen
from local.stack import HOPS

_BATCH = 100
_PULL_SECONDS = 5
_PUBLISH_SECONDS = 60
_ADDED = "CloudPubSubDeadLetter"
"""How the names of the attributes begin that Pub/Sub adds to a dead letter."""


def main() -> None:
    """Exit code 1 where there is no system."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    console = Console(highlight=False)
    try:
        target = chosen(parser.parse_args())
    except NotRunning as error:
        sys.exit(str(error))
    for hop in HOPS:
        with console.status(f"{hop} …"):
            count = redrive(target, hop)
        console.print(f"{hop}: {count} dead letters sent again")


def redrive(target: Target, hop: str) -> int:
    """Sends what was dead when this began; how many."""
    began, count = datetime.now(UTC), 0
    while received := _pull(target, hop):
        old = [one for one in received if _moment(one) < began]
        sent = [
            target.publisher.publish(
                target.topic(hop), one.message.data, **_original(one.message.attributes)
            )
            for one in old
        ]
        for future in sent:
            future.result(timeout=_PUBLISH_SECONDS)
        if not old:
            break
        target.subscriber.acknowledge(
            subscription=target.dead_letters(hop), ack_ids=[one.ack_id for one in old]
        )
        count += len(old)
    return count


def _pull(target: Target, hop: str) -> list[types.ReceivedMessage]:
    try:
        answer = target.subscriber.pull(
            subscription=target.dead_letters(hop), max_messages=_BATCH, timeout=_PULL_SECONDS
        )
    except DeadlineExceeded:  # how Pub/Sub says that there is none
        return []
    return list(answer.received_messages)


def _moment(received: types.ReceivedMessage) -> datetime:
    """When it became a dead letter; its type is a stub's mistake."""
    return cast("datetime", received.message.publish_time)


def _original(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if not name.startswith(_ADDED)}


if __name__ == "__main__":
    main()
