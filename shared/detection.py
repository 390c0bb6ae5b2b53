"""Finding faces and hands with MediaPipe."""

from collections.abc import Callable, Sequence

from shared.faces import find_faces
from shared.geometry import Image
from shared.hands import find_hands
from shared.models import Models
from shared.prompts import Detection, Label
from shared.views import Pyramid

_SEARCHES: dict[Label, Callable[[Pyramid, Models, float], Sequence[Detection]]] = {
    "face": find_faces,
    "hand": find_hands,
}


class Detector:
    """Finds what scores at least `min_score`, 0..1. Safe to share between threads."""

    def __init__(self, max_instances: int, min_score: float) -> None:
        self._min_score = min_score
        self._models = Models(max_instances)

    def detect(self, image: Image, targets: frozenset[Label]) -> list[Detection]:
        """The targets in an RGB uint8 (h, w, 3) image, faces first, best first."""
        pyramid = Pyramid.of(image)
        return [
            detection
            for label, find in _SEARCHES.items()
            if label in targets
            for detection in find(pyramid, self._models, self._min_score)
        ]
