"""The plain recipe, as the API that this one replaces has it: what ours is measured against.

Written out from that API's documentation: Face Mesh built for every request and given BGR, the
whole image as PNG and base64 once for every face, the mask of the largest area, three PNGs by
Pillow.
"""

import base64
import io
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import mediapipe as mp
import numpy as np
import numpy.typing as npt
import requests
from PIL import Image as PillowImage

from shared.detection.face_models import FACE_OVAL
from shared.imaging.geometry import Image, Polygon
from shared.runtime.stage_timer import StageTimer
from tools.benchmarks import servers
from tools.benchmarks.costs import Cost, measured

_MOST_FACES = 5
_POINTS = 16
_PAD = 20
_EXPAND = 0.15


def measure(data: bytes, faces: Sequence[Polygon], runs: int) -> Cost:
    """Of an image file."""
    answers: list[int] = []
    address = f"{os.environ[servers.SAM2]}/v1/segment"
    servers.sent()
    cost = measured([lambda: answers.append(len(run(data, address, faces)))] * runs)
    return replace(cost, sent=servers.sent() // runs, written=answers[-1])


def run(data: bytes, url: str, faces: Sequence[Polygon]) -> bytes:
    """The answer's JSON for an image file.

    Where it finds fewer faces than `faces` holds, it goes on with those: what is compared is the
    cost of the same work.
    """
    watch = StageTimer()
    image = np.array(PillowImage.open(io.BytesIO(data)).convert("RGB"))
    watch.lap("read")
    found = _detected(image)
    watch.lap("detect")
    outlines = found if len(found) >= len(faces) else list(faces)
    mask = np.zeros(image.shape[:2], np.uint8)
    boxes = []
    for outline in outlines:
        box = _box(outline, image)
        boxes.append(box)
        mask = np.maximum(mask, _asked(image, outline, box, url))
    watch.lap("segment")
    cutout = np.dstack([image, mask])
    overlay = image.copy()
    overlay[mask == 255] = (0.6 * overlay[mask == 255] + (0, 102, 0)).astype(np.uint8)
    answer = {
        "width": image.shape[1],
        "height": image.shape[0],
        "boxes": boxes,
        "mask_png_base64": _png_base64(mask),
        "face_rgba_png_base64": _png_base64(cutout),
        "overlay_png_base64": _png_base64(overlay),
    }
    told = json.dumps(answer).encode()
    watch.lap("finished")
    return told


def _detected(image: Image) -> list[Polygon]:
    height, width = image.shape[:2]
    with mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, refine_landmarks=True, max_num_faces=_MOST_FACES
    ) as mesh:
        meshes = mesh.process(cv2.cvtColor(image, cv2.COLOR_RGB2BGR)).multi_face_landmarks or ()
    return [
        np.array(
            [(one.landmark[i].x * width, one.landmark[i].y * height) for i in FACE_OVAL], np.float32
        )
        for one in meshes
    ]


def _box(outline: Polygon, image: Image) -> list[int]:
    (x0, y0), (x1, y1) = outline.min(axis=0), outline.max(axis=0)
    dx, dy = _EXPAND * (x1 - x0), _EXPAND * (y1 - y0)
    right, bottom = image.shape[1] - 1, image.shape[0] - 1
    return [
        max(0, int(x0 - dx)),
        max(0, int(y0 - dy)),
        min(right, int(x1 + dx)),
        min(bottom, int(y1 + dy)),
    ]


def _asked(image: Image, outline: Polygon, box: Sequence[int], url: str) -> npt.NDArray[np.uint8]:
    """SAM2's mask of one face."""
    x, y = outline.mean(axis=0)
    inside = [[int(x), int(y), 1]] * _POINTS
    (x0, y0), (x1, y1) = outline.min(axis=0) - _PAD, outline.max(axis=0) + _PAD
    outside = [[int(x), int(y), 0] for x, y in ((x0, y0), (x1, y0), (x0, y1), (x1, y1))]
    body = {
        "image_base64": _png_base64(image),
        "points": inside + outside,
        "box": box,
        "multimask": True,
        "return_prob": False,
    }
    answer: Any = requests.post(url, json=body, timeout=300).json()
    masks = [_decoded(one) for one in answer["masks"]]
    return max(masks, key=lambda mask: int((mask > 0).sum()))


def _decoded(png: str) -> npt.NDArray[np.uint8]:
    mask = cv2.imdecode(np.frombuffer(base64.b64decode(png), np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.where(np.asarray(mask) > 127, np.uint8(255), np.uint8(0))


def _png_base64(pixels: npt.NDArray[np.uint8]) -> str:
    written = io.BytesIO()
    PillowImage.fromarray(pixels).save(written, "PNG")
    return base64.b64encode(written.getvalue()).decode("ascii")
