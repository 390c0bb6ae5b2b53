"""Detection of faces and hands with MediaPipe's models, MTCNN's and our own."""

from collections.abc import Sequence

from shared.detection.detections import Detection, Detections
from shared.detection.face_models import FaceModels
from shared.detection.faces import find_faces
from shared.detection.guided import face_at, face_in_box, hand_at, hand_in_box
from shared.detection.hand_models import HandModels
from shared.detection.hands import find_hands
from shared.imaging.geometry import Image
from shared.imaging.pyramid import Pyramid
from shared.runtime.resource_pool import ResourcePool
from shared.schemas.given_prompts import ShownInstance
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
        *,
        with_candidates: bool = False,
    ) -> Detections:
        """The targets in an RGB uint8 (h, w, 3) image: faces before hands, each best first.

        They score at least `min_score`, 0..1. The outlines of faces are those of `face_parts`
        together. `with_candidates` adds the near misses.
        """
        pyramid = Pyramid.of(image)
        results: list[Detections] = []
        if "face" in targets:
            with self._face_models.borrowed() as face_models:
                found = find_faces(
                    pyramid,
                    face_models,
                    min_score,
                    face_parts,
                    with_candidates=with_candidates,
                )
                results.append(found)
        if "hand" in targets:
            with self._hand_models.borrowed() as hand_models:
                found = find_hands(pyramid, hand_models, min_score, with_candidates=with_candidates)
                results.append(found)
        return Detections(
            [detection for result in results for detection in result.detections],
            [box for result in results for box in result.near_misses],
            tuple(candidate for result in results for candidate in result.candidates),
        )

    def locate(
        self,
        image: Image,
        shown: Sequence[ShownInstance],
        face_parts: frozenset[FacePart] = SKIN_ONLY,
    ) -> list[Detection]:
        """The faces and hands that a person has shown, in order, with a score of 1.

        Each has a box, or a point with the label 1, in the RGB uint8 (h, w, 3) image.
        """
        pyramid = Pyramid.of(image)
        return [self._located(pyramid, one, face_parts) for one in shown]

    def _located(
        self, pyramid: Pyramid, shown: ShownInstance, face_parts: frozenset[FacePart]
    ) -> Detection:
        if shown.label == "hand":
            with self._hand_models.borrowed() as hand_models:
                if shown.box:
                    return hand_in_box(pyramid, shown.box, hand_models)
                return hand_at(pyramid, shown.positive, hand_models)
        with self._face_models.borrowed() as face_models:
            if shown.box:
                return face_in_box(pyramid, shown.box, face_models, face_parts)
            return face_at(pyramid, shown.positive, face_models, face_parts)
