"""Face proposals by the drawn-face network, which runs over the image at a few scales."""

import math
from collections.abc import Sequence

import numpy as np

from shared.detection.blazeface import RawDetection
from shared.detection.drawn_face import SIDE, STEP, DrawnFaceNetwork, DrawnObject
from shared.detection.pyramid import Canvas, Pyramid
from shared.detection.windows import is_flat
from shared.imaging.boxes import FloatBox
from shared.imaging.geometry import Points

_MIN_LOG_ODDS = 0.0
"""Lowest log-odds of a cell that becomes a raw detection. Lower values find more faces and cost
time. Chosen by hand."""

_MAX_CANVAS_SIDE = 512
"""Maximum side of the network's input, in pixels. Bounds its memory, to some 30 MB."""

_FEATURES = np.array([[-0.22, -0.1], [0.22, -0.1], [0, 0.12], [0, 0.3]])
"""Usual places of eyes, nose and mouth, from the middle of a face, in sides of its box."""


def drawn_face_detections(
    pyramid: Pyramid, sides: Sequence[float], network: DrawnFaceNetwork
) -> list[RawDetection]:
    """Raw detections in image coordinates, at one scale for each of `sides`.

    At each scale the network finds faces whose side is a third to two thirds of it.
    """
    return [
        _in_image(face, canvas)
        for side in sides
        for canvas in pyramid.canvases(side, SIDE, STEP, _MAX_CANVAS_SIDE)
        if not is_flat(canvas.picture)
        for face in network.objects(canvas.picture, "face", _MIN_LOG_ODDS)
    ]


def _in_image(face: DrawnObject, canvas: Canvas) -> RawDetection:
    corners = canvas.to_image(face.box.reshape(2, 2).astype(np.float32))
    return RawDetection(
        corners.reshape(4).astype(np.float64),
        canvas.to_image(_features(face.box, face.angle)),
        1 / (1 + math.exp(-face.log_odds)),
    )


def _features(box: FloatBox, angle: float) -> Points:
    """Where eyes, nose and mouth of a face usually are, float32 (4, 2)."""
    size = box[2:] - box[:2]
    cos, sin = np.cos(angle), np.sin(angle)
    turned = _FEATURES @ np.array([[cos, sin], [-sin, cos]])
    return ((box[:2] + box[2:]) / 2 + turned * np.sqrt(size.prod())).astype(np.float32)
