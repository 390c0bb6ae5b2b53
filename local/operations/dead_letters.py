"""Reads the subscriptions that keep the dead letters of the hops."""

from collections.abc import Sequence

from google.api_core.exceptions import DeadlineExceeded
from google.pubsub_v1 import types

from local.operations.deployment import Target
from shared.gcp.gcs import ObjectRef

MOST_SEARCHED = 1000
"""Limit for the dead letters that `holds` looks at. Chosen by hand: a larger value takes longer, a
smaller one can miss the message behind many others."""

_BATCH = 100
_PULL_SECONDS = 5


def pull(target: Target, hop: str) -> list[types.ReceivedMessage]:
    """Returns some of a hop's dead letters. Nobody else gets them until they are released."""
    try:
        response = target.subscriber.pull(
            subscription=target.dead_letters(hop), max_messages=_BATCH, timeout=_PULL_SECONDS
        )
    except DeadlineExceeded:  # how Pub/Sub says that there is none
        return []
    return list(response.received_messages)


def release(target: Target, hop: str, ack_ids: Sequence[str]) -> None:
    """Returns dead letters to the subscription. The next pull delivers them again."""
    for first in range(0, len(ack_ids), _BATCH):
        target.subscriber.modify_ack_deadline(
            subscription=target.dead_letters(hop),
            ack_ids=ack_ids[first : first + _BATCH],
            ack_deadline_seconds=0,
        )


def holds(target: Target, hop: str, ref: ObjectRef) -> bool:
    """Whether a hop's dead letters include a message about this upload.

    Pub/Sub shows a message only by a delivery. So this pulls messages, acknowledges none, and
    releases all of them.
    """
    identity = {
        "bucketId": ref.bucket,
        "objectId": ref.name,
        "objectGeneration": str(ref.generation),
    }
    held: list[str] = []
    try:
        while len(held) < MOST_SEARCHED and (received := pull(target, hop)):
            held += [item.ack_id for item in received]
            if any(identity.items() <= item.message.attributes.items() for item in received):
                return True
    finally:
        release(target, hop, held)
    return False
