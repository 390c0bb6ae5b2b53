"""Finding faces and hands with MediaPipe's models."""

from functools import partial

from shared.detection.detections import Detected
from shared.detection.face_models import FaceModels
from shared.detection.faces import find_faces
from shared.detection.hand_model import HandModel
from shared.detection.hands import find_hands
from shared.detection.pyramid import Pyramid
from shared.imaging.geometry import Image
from shared.runtime.resource_pool import ResourcePool
from shared.schemas.prompt import Label


class Detector:
    """Finds what scores at least `min_score`, 0..1. Safe to share between threads."""

    def __init__(self, max_instances: int, min_score: float) -> None:
        self._min_score = min_score
        self._face_models = ResourcePool(FaceModels)
        self._hand_models = ResourcePool(partial(HandModel, max_instances))

    def detect(self, image: Image, targets: frozenset[Label]) -> Detected:
        """The targets in an RGB uint8 (h, w, 3) image, faces first, best first."""
        pyramid = Pyramid.of(image)
        parts: list[Detected] = []
        if "face" in targets:
            with self._face_models.borrowed() as models:
                parts.append(find_faces(pyramid, models, self._min_score))
        if "hand" in targets:
            with self._hand_models.borrowed() as model:
                parts.append(find_hands(pyramid, model, self._min_score))
        found = [one for part in parts for one in part.found]
        return Detected(found, sum(part.near_misses for part in parts))
