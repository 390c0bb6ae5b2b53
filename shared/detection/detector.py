"""Detection of faces and hands with MediaPipe's models."""

from shared.detection.detections import Detections
from shared.detection.face_models import FaceModels
from shared.detection.faces import find_faces
from shared.detection.hand_models import HandModels
from shared.detection.hands import find_hands
from shared.imaging.geometry import Image
from shared.imaging.pyramid import Pyramid
from shared.runtime.resource_pool import ResourcePool
from shared.schemas.prompt import MIN_SCORE, SKIN_ONLY, FacePart, Label


class Detector:
    """Finds faces and hands. Thread-safe."""

    def __init__(self) -> None:
        self._face_models = ResourcePool(FaceModels)
        self._hand_models = ResourcePool(HandModels)

    def detect(
        self,
        image: Image,
        targets: frozenset[Label],
        face_parts: frozenset[FacePart] = SKIN_ONLY,
        min_score: float = MIN_SCORE,
    ) -> Detections:
        """The targets in an RGB uint8 (h, w, 3) image: faces before hands, each best first.

        They score at least `min_score`, 0..1. The outlines of faces are those of `face_parts`
        together.
        """
        pyramid = Pyramid.of(image)
        results: list[Detections] = []
        if "face" in targets:
            with self._face_models.borrowed() as face_models:
                results.append(find_faces(pyramid, face_models, min_score, face_parts))
        if "hand" in targets:
            with self._hand_models.borrowed() as hand_models:
                results.append(find_hands(pyramid, hand_models, min_score))
        detections = [detection for result in results for detection in result.detections]
        return Detections(detections, [box for result in results for box in result.near_misses])
