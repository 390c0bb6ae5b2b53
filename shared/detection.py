"""Finding faces and hands with MediaPipe."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shared.faces import find_faces
from shared.geometry import Image, shrunk
from shared.hands import find_hands
from shared.models import Models
from shared.prompts import Detection, Label
from shared.views import LONG_SIDE


class Detector:
    """Finds the wanted targets that score at least `min_score`, 0..1."""

    def __init__(self, targets: frozenset[Label], max_instances: int, min_score: float) -> None:
        self._min_score = min_score
        self._models = Models(max_instances)
        searches = {"face": find_faces, "hand": find_hands}
        self._searches = [find for label, find in searches.items() if label in targets]

    def detect(self, image: Image) -> list[Detection]:
        """All faces and hands in an RGB uint8 (h, w, 3) image, faces first, best first."""
        small = shrunk(image, LONG_SIDE)
        scale = np.array([image.shape[1] / small.shape[1], image.shape[0] / small.shape[0]])
        return [
            _scaled(detection, scale)
            for find in self._searches
            for detection in find(small, self._models, self._min_score)
        ]


def _scaled(detection: Detection, scale: npt.NDArray[np.float64]) -> Detection:
    inner = detection.inner
    return replace(
        detection,
        polygon=(detection.polygon * scale).astype(np.float32),
        inner=None if inner is None else (inner * scale).astype(np.float32),
    )
