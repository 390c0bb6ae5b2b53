"""MediaPipe's models, as functions from a square RGB view to what they see in it.

Places are shares of the view's side: x grows right, y grows down, (0, 0) is the top left corner.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from shared.geometry import Image, Points
from shared.mediapipe_alone import SolutionBase, solutions
from shared.prompts import Side

Range = Literal["short", "full"]
"""MediaPipe's two face detectors: trained on faces nearer than 2 m and nearer than 5 m."""

LEAST_CONFIDENCE = 0.05
"""The detectors report whatever they are so sure of; what counts is decided over many views."""

_LEAST_MESH_CONFIDENCE = 0.1
_EYES_NOSE_MOUTH = slice(0, 4)


def _oval_order() -> list[int]:
    """The 36 face oval vertices in mesh order: each edge's end is the next one's start."""
    successor = dict(solutions.face_mesh.FACEMESH_FACE_OVAL)
    order = [min(successor)]
    while (following := successor[order[-1]]) != order[0]:
        order.append(following)
    return order


FACE_OVAL = _oval_order()


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A face that a detector saw.

    `box` is float (4,), x0, y0, x1, y1, from brows to chin; `features` float32 (4, 2): the
    eye at the image's left, the other eye, the nose, the mouth; `confidence` 0..1.
    """

    box: npt.NDArray[np.float64]
    features: Points
    confidence: float

    @property
    def mirrored(self) -> "Sighting":
        """The same in the view whose left and right are exchanged."""
        x0, y0, x1, y1 = self.box
        other_eye_first = self.features[[1, 0, 2, 3]]
        features = (other_eye_first * (-1, 1) + (1, 0)).astype(np.float32)
        return Sighting(np.array([1 - x1, y0, 1 - x0, y1]), features, self.confidence)


class Models(threading.local):
    """MediaPipe's graphs are not safe to share between threads: each thread builds its own."""

    def __init__(self, max_instances: int) -> None:
        self._max_instances = max_instances

    def faces(self, view: Image, detector: Range, least: float) -> Iterator[Sighting]:
        """The faces that a detector sees with at least this confidence, each once."""
        model = self._short_range if detector == "short" else self._full_range
        for found in model.process({"image": view}).detections or ():
            confidence = float(found.score[0])
            if confidence < least:
                continue
            place = found.location_data.relative_bounding_box
            x, y = place.xmin, place.ymin
            marks = found.location_data.relative_keypoints[_EYES_NOSE_MOUTH]
            yield Sighting(
                np.array([x, y, x + place.width, y + place.height]),
                _places(marks),
                confidence,
            )

    def ovals(self, view: Image) -> list[Points]:
        """Face Mesh's face ovals, float32 (36, 2) each, in mesh order."""
        found = self._face_mesh.process(view).multi_face_landmarks or ()
        return [_places(mesh.landmark)[FACE_OVAL] for mesh in found]

    def hands(self, view: Image) -> Iterator[tuple[Points, Side]]:
        """The 21 joints of each hand, float32 (21, 2), and which hand it is."""
        answer = self._hands.process(view)
        found, sides = answer.multi_hand_landmarks or (), answer.multi_handedness or ()
        for joints, handedness in zip(found, sides, strict=True):
            # MediaPipe names the side as for a mirrored selfie; uploads are not mirrored.
            side: Side = "right" if handedness.classification[0].label == "Left" else "left"
            yield _places(joints.landmark), side

    @cached_property
    def _short_range(self) -> Any:
        return _face_detection("short")

    @cached_property
    def _full_range(self) -> Any:
        return _face_detection("full")

    @cached_property
    def _face_mesh(self) -> Any:
        return solutions.face_mesh.FaceMesh(
            static_image_mode=True,
            max_num_faces=2,
            min_detection_confidence=_LEAST_MESH_CONFIDENCE,
            min_tracking_confidence=0.0,
        )

    @cached_property
    def _hands(self) -> Any:
        return solutions.hands.Hands(static_image_mode=True, max_num_hands=self._max_instances)


def _face_detection(reach: Range) -> Any:
    """MediaPipe's FaceDetection but for its threshold, which it takes and ignores (0.10.21)."""
    node = f"facedetection{reach}range__facedetection__TensorsToDetectionsCalculator"
    return SolutionBase(
        binary_graph_path=f"mediapipe/modules/face_detection/face_detection_{reach}_range_cpu.binarypb",
        calculator_params={f"{node}.min_score_thresh": LEAST_CONFIDENCE},
        outputs=["detections"],
    )


def _places(landmarks: Any) -> npt.NDArray[np.float32]:
    return np.array([(mark.x, mark.y) for mark in landmarks], np.float32)
