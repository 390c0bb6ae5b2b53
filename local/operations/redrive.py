"""python -m local.operations.redrive: sends dead letters through the pipeline again.

Each is published to its topic anew and only then taken out of the dead letters, so none is lost.
One that fails again comes back to them with the mark of the run that sent it, and stays there: no
run sends a message twice, whatever the clocks of this machine and of the server say.
"""

import argparse
import sys
import uuid
from collections.abc import Mapping, Sequence

from google.pubsub_v1 import types
from rich.console import Console

from local.operations.dead_letters import pull, release
from local.operations.deployment import NotRunning, Target, add_arguments, chosen
from local.stack import HOPS

_PULLS_IN_VAIN = 3
"""A pull brings any part of what is there."""

_PUBLISH_SECONDS = 60
_RUN = "redrive"
"""Attribute of a message that was sent again: the id of the run that did it last."""

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
    """Sends dead letters until a few pulls in a row bring only what this run sent; how many."""
    run, count, in_vain = uuid.uuid4().hex, 0, 0
    returned: list[str] = []
    try:
        while in_vain < _PULLS_IN_VAIN and (received := pull(target, hop)):
            returned += [one.ack_id for one in received if _is_of(run, one)]
            others = [one for one in received if not _is_of(run, one)]
            in_vain = 0 if others else in_vain + 1
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
            target.topic(hop), one.message.data, **{**_original(one.message.attributes), _RUN: run}
        )
        for one in letters
    ]
    for future in sent:
        future.result(timeout=_PUBLISH_SECONDS)
    ids = [one.ack_id for one in letters]
    target.subscriber.acknowledge(subscription=target.dead_letters(hop), ack_ids=ids)


def _original(attributes: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if not name.startswith(_ADDED)}


if __name__ == "__main__":
    main()
