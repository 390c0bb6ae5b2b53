"""The initial inputs of fuzzing: a valid one of each form, and small broken files."""

import base64
import json

import numpy as np
from PIL import Image

from shared.imaging import rle
from shared.schemas.box import Box
from shared.schemas.documents import PromptsDocument, Source
from tools.hostile.files import files
from tools.hostile.pictures import encoded, pictures
from tools.support.pushes import pushed
from tools.support.shapes import ellipse, prompt_for

_MOST_BYTES = 20_000
"""Limit for a seed. Chosen by hand: larger ones slow down the fuzzer."""


def seeds(target: str) -> list[bytes]:
    """Returns the seeds of a target."""
    match target:
        case "envelope":
            return [_json(body) for body in _envelopes()]
        case "notification":
            identity = {"bucketId": "in", "objectId": "cat.png", "objectGeneration": "7"}
            return [_json(_RESOURCE), _json(identity)]
        case "prompts":
            return [_PROMPTS.model_dump_json().encode()]
        case "decoder" | "tiff" | "webp":
            broken = (file.content for file in files().values())
            contents = (*pictures().values(), *broken)
            return [content for content in contents if len(content) < _MOST_BYTES]
        case "sam2":
            return [_json(response) for response in _responses()]
        case "rle":
            return [b"\x10" + rle.encode(_MASK).counts.encode() + b"\x18"]
    raise KeyError(target)


_RESOURCE = {
    "bucket": "in", "name": "a.png", "generation": "7", "size": "9", "contentType": "image/png",
}  # fmt: skip
_MASK = np.add.outer(np.arange(16), np.arange(24)) % 7 > 3
_PROMPTS = PromptsDocument(
    source=Source(bucket="in", name="cat.png", generation=7, width=300, height=200),
    config="0123456789ab",
    instances=(prompt_for(ellipse(150, 100, 30, 40), Box(0, 0, 300, 200)),),
    versions={"toonmask": "1"},
)


def _envelopes() -> list[object]:
    kind = "google.cloud.storage.object.v1.finalized"
    return [
        {**pushed(_json(_RESOURCE), {"eventType": "OBJECT_FINALIZE"}), "deliveryAttempt": 2},
        {"specversion": "1.0", "id": "1", "source": "//s", "type": kind, "data": _RESOURCE},
        _RESOURCE,
    ]


def _responses() -> list[object]:
    png = base64.b64encode(encoded(Image.fromarray((_MASK * 255).astype(np.uint8)), "PNG")).decode()
    runs = {"counts": rle.encode(_MASK).counts, "size": [16, 24]}
    return [
        {"mask_png_base64": png},
        {"mask_rle": runs},
        {"mask_rle": [[4, 100, 280], [16, 24]]},
        {"masks": _MASK.astype(int).tolist(), "scores": [0.9]},
        {"masks": [png, png], "iou_predictions": [0.9, 0.2]},
    ]


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
