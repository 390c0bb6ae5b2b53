"""python -m tools.benchmarks.instant_sam2 --port N: a SAM2 server that answers from memory.

It works out an answer once, an ellipse in the box of each prompt; asked the same again it costs
nothing. GET tells how many bytes it was sent, and begins to count anew.
"""

import argparse
import base64
import hashlib
import io
import json
import threading
from typing import Any

import numpy as np
from flask import Flask, request
from flask.typing import ResponseReturnValue
from PIL import Image as PillowImage

from local.serving import server
from shared.imaging import png


def create_app() -> Flask:
    """Takes one prompt of one picture, or many of many."""
    app = Flask(__name__)
    known: dict[bytes, str] = {}
    sent: list[int] = []
    lock = threading.Lock()

    @app.post("/v1/segment")
    def segment() -> ResponseReturnValue:
        body = request.get_data()
        key = hashlib.blake2b(body).digest()
        if key not in known:
            known[key] = json.dumps(_answer(json.loads(body)))
        with lock:
            sent.append(len(body))
        return known[key], 200, {"Content-Type": "application/json"}

    @app.get("/sent")
    def told() -> ResponseReturnValue:
        with lock:
            count = sum(sent)
            sent.clear()
        return {"bytes": count}

    return app


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    if "images" not in asked:
        return _masks(_size(asked["image_base64"]), asked["box"])
    return {
        "images": [
            [_masks(_size(one["image_base64"]), prompt["box"]) for prompt in one["prompts"]]
            for one in asked["images"]
        ]
    }


def _size(encoded: str) -> tuple[int, int]:
    data = base64.b64decode(encoded.rpartition(",")[2])
    return PillowImage.open(io.BytesIO(data)).size


def _masks(size: tuple[int, int], box: Any) -> dict[str, Any]:
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    x0, y0, x1, y1 = box
    away = ((columns - (x0 + x1) / 2) / (x1 - x0)) ** 2 + ((rows - (y0 + y1) / 2) / (y1 - y0)) ** 2
    encoded = base64.b64encode(png.encode_array(np.uint8(255) * (away < 0.14))).decode("ascii")
    return {"masks": [encoded], "scores": [0.9], "mask_png_base64": encoded}


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    server(create_app(), parser.parse_args().port).safe_start()


if __name__ == "__main__":
    main()
