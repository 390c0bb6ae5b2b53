"""What the numbers mean that MediaPipe's face detectors give.

Bazarevsky et al., "BlazeFace: Sub-millisecond neural face detection on mobile GPUs", 2019: cells
of a grid, a few anchors in each, tell how far a face lies from them and how sure it is. All that
speaks of one face is averaged. Settings are those of MediaPipe 0.10.21's graphs
`face_detection_short_range` and `face_detection_full_range`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.imaging.boxes import FloatBox, ious
from shared.imaging.geometry import Points

_SAME = 0.3
"""All that overlaps the surest with this IoU is of the same face."""

_FEATURES = 4
"""Eye, eye, nose, mouth; after them come the ears."""

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A face that a detector saw, in pixels of what it was shown.

    `box` goes from brows to chin; `features`, float32 (4, 2), are the eye at the picture's left,
    the other eye, the nose, the mouth; `confidence` is 0..1.
    """

    box: FloatBox
    features: Points
    confidence: float

    def mirrored(self, width: float) -> "Sighting":
        """The same in a picture so wide whose left and right are exchanged."""
        x0, y0, x1, y1 = self.box
        other_eye_first = self.features[[1, 0, 2, 3]]
        features = (other_eye_first * (-1, 1) + (width, 0)).astype(np.float32)
        return Sighting(np.array([width - x1, y0, width - x0, y1]), features, self.confidence)


def anchors(height: int, width: int, stride: int, each: int) -> Floats:
    """The middles of a grid's cells, row by row, float32 (n, 2), each so many times."""
    x, y = (stride * (np.arange(length // stride) + 0.5) for length in (width, height))
    middles = np.column_stack([np.tile(x, len(y)), np.repeat(y, len(x))])
    return np.repeat(middles, each, axis=0).astype(np.float32)


def sightings(places: Floats, logits: Floats, cells: Floats, least: float) -> Iterator[Sighting]:
    """The faces of at least this confidence, each once, the surest first.

    `places`, float32 (n, 16), are offsets from the `cells`, (n, 2), and sizes; `logits` are (n,).
    """
    (kept,) = np.nonzero(logits >= np.log(least / (1 - least)))
    places, cells, confidences = places[kept], cells[kept], sigmoid(logits[kept])
    middles, halves = places[:, :2] + cells, places[:, 2:4] / 2
    boxes = np.concatenate([middles - halves, middles + halves], axis=1).astype(np.float64)
    features = places[:, 4 : 4 + 2 * _FEATURES].reshape(-1, _FEATURES, 2) + cells[:, None]
    left = np.argsort(-confidences, kind="stable")
    while len(left):
        same = ious(boxes[left], boxes[left[0]]) > _SAME
        same[0] = True  # also where the box is empty
        group, left = left[same], left[~same]
        weights = confidences[group] / confidences[group].sum()
        yield Sighting(
            weights @ boxes[group],
            np.einsum("i,ijk->jk", weights, features[group]),
            float(confidences[group[0]]),
        )


def sigmoid(logits: Floats) -> Floats:
    """From log-odds to 0..1."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -80, 80))), np.float32)
