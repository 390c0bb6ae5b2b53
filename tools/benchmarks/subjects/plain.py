"""The plain recipe: the API that this project replaces, to which ours is compared.

It follows the documentation of that API. It builds Face Mesh for each request and gives it BGR. It
sends the complete image as a PNG in base64 once for each face, and uses the mask with the largest
area. It writes three PNGs with Pillow.
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
"""From the documentation of that API: the limit for faces, the number of positive points, the
distance of negative points from the face in pixels, and the margin of the box as a share of its
size."""


def measure(data: bytes, faces: Sequence[Polygon], runs: int) -> Cost:
    """Measures the recipe with an image file. `faces` as in `run`."""
    sizes: list[int] = []
    url = f"{os.environ[servers.SAM2]}/v1/segment"
    servers.sent()
    cost = measured([lambda: sizes.append(len(run(data, url, faces)))] * runs)
    return replace(cost, sent=servers.sent() // runs, written=sizes[-1])


def run(data: bytes, url: str, faces: Sequence[Polygon]) -> bytes:
    """Returns the JSON of the response for an image file.

    If it finds fewer faces than `faces` has, it continues with `faces`, so that the costs of the
    same work are compared.
    """
    watch = StageTimer()
    with watch.stage("read"):
        image = np.array(PillowImage.open(io.BytesIO(data)).convert("RGB"))
    with watch.stage("detect"):
        found = _detected(image)
    with watch.stage("segment"):
        outlines = found if len(found) >= len(faces) else list(faces)
        mask = np.zeros(image.shape[:2], np.uint8)
        boxes = []
        for outline in outlines:
            box = _box(outline, image)
            boxes.append(box)
            mask = np.maximum(mask, _segmented(image, outline, box, url))
    with watch.stage("write result"):
        cutout = np.dstack([image, mask])
        overlay = image.copy()
        overlay[mask == 255] = (0.6 * overlay[mask == 255] + (0, 102, 0)).astype(np.uint8)
        response = {
            "width": image.shape[1],
            "height": image.shape[0],
            "boxes": boxes,
            "mask_png_base64": _png_base64(mask),
            "face_rgba_png_base64": _png_base64(cutout),
            "overlay_png_base64": _png_base64(overlay),
        }
        return json.dumps(response).encode()


def _detected(image: Image) -> list[Polygon]:
    height, width = image.shape[:2]
    with mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, refine_landmarks=True, max_num_faces=_MOST_FACES
    ) as mesh:
        meshes = mesh.process(cv2.cvtColor(image, cv2.COLOR_RGB2BGR)).multi_face_landmarks or ()
    return [
        np.array(
            [(face.landmark[i].x * width, face.landmark[i].y * height) for i in FACE_OVAL],
            np.float32,
        )
        for face in meshes
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


def _segmented(
    image: Image, outline: Polygon, box: Sequence[int], url: str
) -> npt.NDArray[np.uint8]:
    """Returns SAM2's mask of one face."""
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
    response: Any = requests.post(url, json=body, timeout=300).json()
    masks = [_decoded(encoded) for encoded in response["masks"]]
    return max(masks, key=lambda mask: int((mask > 0).sum()))


def _decoded(png: str) -> npt.NDArray[np.uint8]:
    mask = cv2.imdecode(np.frombuffer(base64.b64decode(png), np.uint8), cv2.IMREAD_GRAYSCALE)
    return np.where(np.asarray(mask) > 127, np.uint8(255), np.uint8(0))


def _png_base64(pixels: npt.NDArray[np.uint8]) -> str:
    written = io.BytesIO()
    PillowImage.fromarray(pixels).save(written, "PNG")
    return base64.b64encode(written.getvalue()).decode("ascii")
