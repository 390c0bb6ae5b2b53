"""The fuzzing targets: parsers of external input. Each accepts any bytes.

A target fails if its parser raises an error that is not documented.
"""

import json
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from shared.decoding import pixels
from shared.decoding.frames import Frames
from shared.decoding.header import read_header
from shared.gcp.events import Message, parse_identity, parse_prompts, parse_upload, receive
from shared.imaging import rle
from shared.schemas.errors import ForeignMessage, Permanent, Rejected, UnreadableMessage
from shared.segmentation.sam2 import answers
from tools.hostile import bombs

_MOST_PIXELS = 100_000
"""MAX_PIXELS of the decoder. Chosen by hand: with larger images the fuzzer tries fewer inputs."""

_MOST_FRAMES = 5
"""MAX_FRAMES of the decoder. Chosen by hand, for the same reason."""

_TAGS = list(bombs.TAGS)


def envelope(data: bytes) -> None:
    """Parses a push request, in each of its modes."""
    for headers in (
        {"content-type": "application/json"},
        {"content-type": "application/cloudevents+json"},
        {"ce-type": "google.cloud.storage.object.v1.finalized", "traceparent": data[:60].hex()},
    ):
        with suppress(ForeignMessage, UnreadableMessage):
            parse_upload(receive(headers, data))


def notification(data: bytes) -> None:
    """Parses a bucket notification."""
    with suppress(ForeignMessage, UnreadableMessage):
        parse_upload(Message(data, {"eventType": "OBJECT_FINALIZE"}))
    with suppress(ForeignMessage, UnreadableMessage, ValueError):
        attributes = json.loads(data)
        if isinstance(attributes, dict):
            parse_identity(Message(b"", attributes))


def prompts(data: bytes) -> None:
    """Parses a prompts message."""
    with suppress(ForeignMessage, UnreadableMessage):
        parse_prompts(Message(data, {}))


def decoder(data: bytes) -> None:
    """Decodes an upload, and then its frames."""
    with suppress(Rejected):
        image = pixels.decode(data, _MOST_PIXELS)
        assert image.ndim == 3
        assert image.shape[2] == 3
    with suppress(Rejected):
        frames = Frames(read_header(data, _MOST_PIXELS), _MOST_PIXELS, _MOST_FRAMES)
        for number in range(1, frames.count + 1):
            file = frames.opened(number)
            pixels.decode_into(file, np.empty(3 * file.pixels, np.uint8))


def tiff(data: bytes) -> None:
    """Decodes a TIFF of any structure. If its header is accepted, decoding must be cheap."""
    provider = _provider(data)
    tags: dict[str, int | list[int]] = {}
    for name in provider.PickValueInList([_TAGS, _TAGS[:8], _TAGS[4:]]):
        count = provider.ConsumeIntInRange(0, 300 if "offsets" in name or "bytes" in name else 1)
        most = provider.PickValueInList([3, 300, 2**16, 2**32 - 1])
        if count:
            value = provider.ConsumeIntInRange(0, most)
            tags[name] = value if count == 1 else [value] * count
    decoder(bombs.tiff(provider.ConsumeBytes(len(data)), tags))


def webp(data: bytes) -> None:
    """Decodes a WebP of any size and with any chunks."""
    provider = _provider(data)
    kinds = [b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"EXIF", b"ICCP"]
    parts = b""
    while provider.remaining_bytes():
        kind, size = provider.PickValueInList(kinds), provider.ConsumeIntInRange(0, 60)
        body = provider.ConsumeBytes(size)
        parts += kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    decoder(b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WEBP" + parts)


def _provider(data: bytes) -> Any:
    """Returns a source of values from the fuzzer's bytes. atheris exists only for Linux."""
    import atheris  # noqa: PLC0415

    return atheris.FuzzedDataProvider(data)


def sam2(data: bytes) -> None:
    """Parses the response of a SAM2 server."""
    with suppress(Permanent):
        for mask in answers.parse_answer(answers.parse_json(data), (16, 24)):
            assert mask.values.ndim == 2
            assert ((mask.values >= 0) & (mask.values <= 1)).all()


def rle_counts(data: bytes) -> None:
    """Decodes COCO's compressed RLE. Encoding the result must give the same mask."""
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
    "tiff": tiff,
    "webp": webp,
    "sam2": sam2,
    "rle": rle_counts,
}
