"""Face proposals by the drawn-face network, which runs over the image at a few scales."""

from collections.abc import Iterator, Sequence

import numpy as np

from shared.detection.blazeface import RawDetection, sigmoid
from shared.detection.drawn_face import SIDE, STEP, Cells, DrawnFaceNetwork
from shared.detection.pyramid import Canvas, Pyramid
from shared.detection.windows import is_flat
from shared.imaging.boxes import ious

_MIN_LOGIT = 0.0
_MIN_IOU = 0.4
_MAX_CANVAS_SIDE = 512

_FEATURES = np.array([[-0.22, -0.1], [0.22, -0.1], [0, 0.12], [0, 0.3]])


def drawn_face_detections(
    pyramid: Pyramid, sides: Sequence[float], network: DrawnFaceNetwork
) -> list[RawDetection]:
    """Raw detections in image coordinates, at one scale for each of `sides`."""
    return [
        detection
        for side in sides
        for canvas in pyramid.canvases(side, SIDE, STEP, _MAX_CANVAS_SIDE)
        if not is_flat(canvas.picture)
        for detection in _detections(network.faces(canvas.picture[None]), canvas)
    ]


def _detections(cells: Cells, canvas: Canvas) -> Iterator[RawDetection]:
    """Each face once, from its best cell."""
    (rows, columns) = np.nonzero(cells.logits[0] >= _MIN_LOGIT)
    logits = cells.logits[0, rows, columns]
    order = np.argsort(-logits, kind="stable")
    boxes = cells.boxes[0, rows, columns].astype(np.float64)
    angles, confidences = cells.angles[0, rows, columns], sigmoid(logits)
    while len(order):
        best = order[0]
        same = ious(boxes[order], boxes[best]) > _MIN_IOU
        same[0] = True
        order = order[~same]
        box = boxes[best]
        corners = canvas.to_image(box.reshape(2, 2).astype(np.float32))
        features = canvas.to_image(_features(box, float(angles[best])))
        yield RawDetection(corners.reshape(4).astype(np.float64), features, confidences[best])


def _features(box, angle):
    middle, side = (box[:2] + box[2:]) / 2, np.sqrt(np.prod(box[2:] - box[:2]))
    cos, sin = np.cos(angle), np.sin(angle)
    turned = _FEATURES @ np.array([[cos, sin], [-sin, cos]]) * side
    return (turned + middle).astype(np.float32)
