"""What faces the outside: each takes any bytes, and raises nothing that it does not promise."""

import json
from collections.abc import Callable
from contextlib import suppress

from shared import rle
from shared.decoding import pixels
from shared.errors import ForeignMessage, Permanent, Rejected, UnreadableMessage
from shared.messages import Message, parse_identity, parse_prompts, parse_upload, receive
from shared.sam2 import answers

_MOST_PIXELS = 100_000


def envelope(data: bytes) -> None:
    """A push request, in each of its modes."""
    for headers in (
        {"content-type": "application/json"},
        {"content-type": "application/cloudevents+json"},
        {"ce-type": "google.cloud.storage.object.v1.finalized", "traceparent": data[:60].hex()},
    ):
        with suppress(ForeignMessage, UnreadableMessage):
            parse_upload(receive(headers, data))


def notification(data: bytes) -> None:
    """What a bucket announces."""
    with suppress(ForeignMessage, UnreadableMessage):
        parse_upload(Message(data, {"eventType": "OBJECT_FINALIZE"}))
    with suppress(ForeignMessage, UnreadableMessage, ValueError):
        attributes = json.loads(data)
        if isinstance(attributes, dict):
            parse_identity(Message(b"", attributes))


def prompts(data: bytes) -> None:
    """prompts.json."""
    with suppress(ForeignMessage, UnreadableMessage):
        parse_prompts(Message(data, {}))


def decoder(data: bytes) -> None:
    """An upload's content."""
    with suppress(Rejected):
        image = pixels.decode(data, _MOST_PIXELS)
        assert image.ndim == 3
        assert image.shape[2] == 3


def sam2(data: bytes) -> None:
    """What a SAM2 server answers."""
    with suppress(Permanent):
        for mask in answers.parse_answer(answers.parse_json(data), (16, 24)):
            assert mask.values.ndim == 2
            assert ((mask.values >= 0) & (mask.values <= 1)).all()


def rle_counts(data: bytes) -> None:
    """COCO's compressed RLE, and what decodes of it encodes back to the same mask."""
    height, width = 1 + data[0] % 40 if data else 1, 1 + data[-1] % 40 if data else 1
    with suppress(ValueError):
        mask = rle.decode(data[1:-1].decode("latin-1"), (height, width))
        assert mask.shape == (height, width)
        again = rle.encode(mask)
        assert (rle.decode(again.counts, again.size) == mask).all()


TARGETS: dict[str, Callable[[bytes], None]] = {
    "envelope": envelope,
    "notification": notification,
    "prompts": prompts,
    "decoder": decoder,
    "sam2": sam2,
    "rle": rle_counts,
}
