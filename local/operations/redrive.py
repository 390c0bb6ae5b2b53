"""python -m local.operations.redrive: sends dead letters through the pipeline again.

Each message is published to its topic, and only then removed from the dead letters, so none is
lost. A message that fails again returns to the dead letters with the ID of the run that sent it.
This run then leaves it there. So no run sends a message twice, even if the clocks of this machine
and of the server differ.
"""

import argparse
import sys
import uuid
from collections.abc import Mapping, Sequence

from google.pubsub_v1 import types
from rich.console import Console

from local.operations.dead_letters import pull, release
from local.operations.deployment import NotRunning, Target, add_arguments, choose_target
from local.stack import HOPS

_MOST_EMPTY_PULLS = 3
"""Pulls in a row without a new message after which the run ends. A pull may return only a part of
the messages. Chosen by hand: more pulls take longer, fewer may leave messages behind."""

_PUBLISH_SECONDS = 60
"""Timeout to publish. Chosen by hand: a longer one waits longer for a broken connection."""

_RUN = "redrive"
"""Attribute of a message that was sent again: the ID of the last run that did it."""

_ADDED = "CloudPubSubDeadLetter"
"""Prefix of the attributes that Pub/Sub adds to a dead letter:
https://cloud.google.com/pubsub/docs/dead-letter-topics."""


def main() -> None:
    """Redrives all hops. The exit code is 1 if no system runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    console = Console(highlight=False)
    try:
        target = choose_target(parser.parse_args())
    except NotRunning as error:
        sys.exit(str(error))
    for hop in HOPS:
        with console.status(f"{hop} …"):
            count = redrive(target, hop)
        console.print(f"{hop}: {count} dead letters sent again")


def redrive(target: Target, hop: str) -> int:
    """Sends a hop's dead letters again; returns their count.

    Ends when there are none, or when several pulls in a row return only messages of this run.
    """
    run, count, empty_pulls = uuid.uuid4().hex, 0, 0
    returned: list[str] = []
    try:
        while empty_pulls < _MOST_EMPTY_PULLS and (received := pull(target, hop)):
            returned += [letter.ack_id for letter in received if _is_of(run, letter)]
            others = [letter for letter in received if not _is_of(run, letter)]
            empty_pulls = 0 if others else empty_pulls + 1
            if others:
                _send(target, hop, others, run)
                count += len(others)
    finally:
        # held until now, so that they did not hide those behind them
        release(target, hop, returned)
    return count


def _is_of(run: str, received: types.ReceivedMessage) -> bool:
    return received.message.attributes.get(_RUN) == run


def _send(target: Target, hop: str, letters: Sequence[types.ReceivedMessage], run: str) -> None:
    sent = [
        target.publisher.publish(
            target.topic(hop),
            letter.message.data,
            **{**_original(letter.message.attributes), _RUN: run},
        )
        for letter in letters
    ]
    for future in sent:
        future.result(timeout=_PUBLISH_SECONDS)
    ids = [letter.ack_id for letter in letters]
    target.subscriber.acknowledge(subscription=target.dead_letters(hop), ack_ids=ids)


def _original(attributes: Mapping[str, str]) -> dict[str, str]:
    """Returns the attributes without those that Pub/Sub added."""
    return {name: value for name, value in attributes.items() if not name.startswith(_ADDED)}


if __name__ == "__main__":
    main()
