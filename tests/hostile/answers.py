"""python -m tests.hostile.answers: parses the hostile responses of a segmentation service.

Run it with a memory limit: a response has limited bytes, but its content may be a thousand times as
large. Each response is parsed by a process of its own. The processes are forks, because imports
take most of the time. It prints the outcomes as lines of JSON.
"""

import base64
import io
import json
import os
import sys
from collections.abc import Callable

import numpy as np
from PIL import Image as PillowImage

from shared.schemas.box import Box
from shared.schemas.errors import Permanent
from shared.segmentation.backends.replicate import _best
from shared.segmentation.backends.sam2 import _candidates
from shared.segmentation.mask_selection import choose
from shared.segmentation.sam2.answers import parse_json
from shared.segmentation.sam2.crops import encode_crop
from tools.support.shapes import ellipse, prompt_for

WHOLE = Box(0, 0, 1024, 1024)
PROMPT = prompt_for(ellipse(512, 512, 300, 350), WHOLE)
_BYTES = 60 * 2**20


def _png(side: int) -> bytes:
    file = io.BytesIO()
    PillowImage.new("L", (side, side), 255).save(file, "PNG")
    return file.getvalue()


def _pngs(count: int, side: int) -> bytes:
    encoded = base64.b64encode(_png(side)).decode()
    return json.dumps({"masks": [encoded] * count}).encode()


def _repeated(item: bytes, around: tuple[bytes, bytes] = (b"[", b"]")) -> bytes:
    """Returns JSON with as many items as fit into the largest accepted response."""
    items = (item + b",") * (_BYTES // (len(item) + 1))
    return b'{"masks":' + around[0] + items + item + around[1] + b"}"


def _rle(height: int, width: int) -> bytes:
    masks = [{"counts": [0, height * width], "size": [height, width]}] * 40
    return json.dumps({"masks": masks}).encode()


ANSWERS: dict[str, Callable[[], bytes]] = {
    "many large PNGs": lambda: _pngs(40, 4096),
    "many PNGs": lambda: _pngs(4000, 1024),
    "large RLE": lambda: _rle(8000, 8000),
    "empty lists": lambda: _repeated(b"[]"),
    "empty objects": lambda: _repeated(b"{}"),
    "strings": lambda: _repeated(b'"' + b"x" * 18 + b'"'),
    "fields": lambda: _repeated(b'"' + b"0" * 40 + b'":0', (b"{", b"}")),
    "objects with a field": lambda: _repeated(b'{"' + b"x" * 16 + b'":0}'),
    "numbers": lambda: _repeated(b"300"),
    "rows of numbers": lambda: _repeated(b"0.5", (b"[[[", b"]]]")),
}
"""Responses that must be refused, by name."""

LARGEST = ("as many masks as may be", "Replicate's masks")
"""These are read."""


def main() -> None:
    for name in (*ANSWERS, *LARGEST):
        if os.fork() == 0:
            sys.stdout.write(json.dumps([name, _ending(name)]) + "\n")
            return
        os.wait()


def _ending(name: str) -> str:
    picture = encode_crop(np.zeros((1024, 1024, 3), np.uint8), WHOLE)
    try:
        if name == "Replicate's masks":
            _best([_png(1024)] * 256, picture, PROMPT)
        elif name == "as many masks as may be":
            choose(_candidates(parse_json(_pngs(16, 1024)), picture, PROMPT), PROMPT)
        else:
            choose(_candidates(parse_json(ANSWERS[name]()), picture, PROMPT), PROMPT)
    except Permanent as error:
        return f"refused: {error}"
    return "read"


if __name__ == "__main__":
    main()
