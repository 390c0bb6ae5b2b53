"""Decoding of the outputs of MediaPipe's BlazeFace detectors, of faces and of palms.

Bazarevsky et al., "BlazeFace: Sub-millisecond neural face detection on mobile GPUs", 2019: for a
few anchors in each cell of a grid, the model predicts the offset of a face and a confidence.
Overlapping predictions are averaged instead of suppressed. Settings are those of MediaPipe
0.10.21's graphs `face_detection_short_range`, `face_detection_full_range` and `palm_detection`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from shared.imaging.boxes import FloatBox, ious, mirrored_box
from shared.imaging.geometry import Floats, Points

_MIN_IOU = 0.3
"""Predictions whose IoU with the most confident one is greater belong to the same face. From
MediaPipe's graphs."""


@dataclass(frozen=True, slots=True, eq=False)
class RawDetection:
    """A face or palm that a detector reports, in pixels of the detector's input.

    The `box` of a face reaches from brows to chin; its `features`, float32 (4, 2), are the eye at
    the picture's left, the other eye, the nose, the mouth. The box of a palm reaches from the wrist
    to the knuckles; its features, float32 (7, 2), are the wrist, the knuckles of index, middle,
    ring and little finger, and two joints of the thumb. `confidence` is 0..1.
    """

    box: FloatBox
    features: Points
    confidence: float

    def mirrored(self, width: float) -> "RawDetection":
        """A face in the horizontally mirrored picture, which is `width` pixels wide."""
        other_eye_first = self.features[[1, 0, 2, 3]]
        features = (other_eye_first * (-1, 1) + (width, 0)).astype(np.float32)
        return RawDetection(mirrored_box(self.box, width), features, self.confidence)


def anchors(height: int, width: int, stride: int, per_cell: int) -> Floats:
    """Centres of a grid's cells, row by row, float32 (n, 2); each is repeated `per_cell` times."""
    x, y = (stride * (np.arange(length // stride) + 0.5) for length in (width, height))
    centres = np.column_stack([np.tile(x, len(y)), np.repeat(y, len(x))])
    return np.repeat(centres, per_cell, axis=0).astype(np.float32)


def decode(
    predictions: Floats, logits: Floats, centres: Floats, features: int, min_confidence: float
) -> Iterator[RawDetection]:
    """Yields each face or palm of at least `min_confidence` once, the most confident first.

    `predictions`, float32 (n, m), are offsets from the anchors' `centres`, (n, 2), sizes, and
    offsets of features, of which the first `features` are used; `logits` are (n,).
    """
    (kept,) = np.nonzero(logits >= np.log(min_confidence / (1 - min_confidence)))
    predictions, centres, confidences = predictions[kept], centres[kept], sigmoid(logits[kept])
    middles, halves = predictions[:, :2] + centres, predictions[:, 2:4] / 2
    boxes = np.concatenate([middles - halves, middles + halves], axis=1).astype(np.float64)
    points = predictions[:, 4 : 4 + 2 * features].reshape(-1, features, 2) + centres[:, None]
    remaining = np.argsort(-confidences, kind="stable")
    while len(remaining):
        same = ious(boxes[remaining], boxes[remaining[0]]) > _MIN_IOU
        same[0] = True  # an empty box has an IoU of 0 with itself
        group, remaining = remaining[same], remaining[~same]
        weights = confidences[group] / confidences[group].sum()
        yield RawDetection(
            weights @ boxes[group],
            np.einsum("i,ijk->jk", weights, points[group]),
            float(confidences[group[0]]),
        )


def sigmoid(logits: Floats) -> Floats:
    """Converts log-odds to 0..1, float32."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -80, 80))), np.float32)
