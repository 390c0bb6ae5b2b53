"""python -m tools.benchmarks.instant_sam2 --port N: a SAM2 server that responds from memory.

It computes the response to a request once: an ellipse in the box of each prompt. The same request
then costs nothing. GET /sent returns the number of received bytes, and resets it.
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

_RADIUS_SQUARED = 0.14
"""Square of the ellipse's radius, relative to the box. The box of a prompt is about 1.3 times the
face, so the ellipse is about as large as the face."""


def create_app() -> Flask:
    """Returns the application. It accepts single prompts and batches."""
    app = Flask(__name__)
    responses: dict[bytes, str] = {}
    sent: list[int] = []
    lock = threading.Lock()

    @app.post("/v1/segment")
    def segment() -> ResponseReturnValue:
        body = request.get_data()
        key = hashlib.blake2b(body).digest()
        if key not in responses:
            responses[key] = json.dumps(_response(json.loads(body)))
        with lock:
            sent.append(len(body))
        return responses[key], 200, {"Content-Type": "application/json"}

    @app.get("/sent")
    def sent_bytes() -> ResponseReturnValue:
        with lock:
            count = sum(sent)
            sent.clear()
        return {"bytes": count}

    return app


def _response(payload: dict[str, Any]) -> dict[str, Any]:
    if "images" not in payload:
        return _masks(_size(payload["image_base64"]), payload["box"])
    return {
        "images": [
            [_masks(_size(image["image_base64"]), prompt["box"]) for prompt in image["prompts"]]
            for image in payload["images"]
        ]
    }


def _size(encoded: str) -> tuple[int, int]:
    data = base64.b64decode(encoded.rpartition(",")[2])
    return PillowImage.open(io.BytesIO(data)).size


def _masks(size: tuple[int, int], box: Any) -> dict[str, Any]:
    width, height = size
    rows, columns = np.mgrid[:height, :width]
    x0, y0, x1, y1 = box
    x, y = (columns - (x0 + x1) / 2) / (x1 - x0), (rows - (y0 + y1) / 2) / (y1 - y0)
    mask = np.uint8(255) * (x**2 + y**2 < _RADIUS_SQUARED)
    encoded = base64.b64encode(png.encode_array(mask)).decode("ascii")
    return {"masks": [encoded], "scores": [0.9], "mask_png_base64": encoded}


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    server(create_app(), parser.parse_args().port).safe_start()


if __name__ == "__main__":
    main()
