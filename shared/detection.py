"""Finding faces and hands with MediaPipe."""

from shared.faces import find_faces
from shared.geometry import Image
from shared.hands import find_hands
from shared.models import Models
from shared.prompts import Detection, Label
from shared.views import Pyramid


class Detector:
    """Finds the wanted targets that score at least `min_score`, 0..1."""

    def __init__(self, targets: frozenset[Label], max_instances: int, min_score: float) -> None:
        self._min_score = min_score
        self._models = Models(max_instances)
        searches = {"face": find_faces, "hand": find_hands}
        self._searches = [find for label, find in searches.items() if label in targets]

    def detect(self, image: Image) -> list[Detection]:
        """All faces and hands in an RGB uint8 (h, w, 3) image, faces first, best first."""
        pyramid = Pyramid.of(image)
        return [
            detection
            for find in self._searches
            for detection in find(pyramid, self._models, self._min_score)
        ]
