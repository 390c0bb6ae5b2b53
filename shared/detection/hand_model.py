"""MediaPipe's hand model as a function from a square RGB view to hand landmarks."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from shared.imaging.geometry import Image, Points
from shared.schemas.prompt import Side


class HandModel:
    """MediaPipe's hand landmark graph. Not thread-safe."""

    def __init__(self, max_instances: int) -> None:
        self._max_instances = max_instances

    def hands(self, view: Image) -> Iterator[tuple[Points, Side]]:
        """Yields the 21 joints of each hand, float32 (21, 2), and its side.

        Joints are shares of the view's side: x grows right, y grows down.
        """
        result = self._graph.process(view)
        landmarks, sides = result.multi_hand_landmarks or (), result.multi_handedness or ()
        for joints, handedness in zip(landmarks, sides, strict=True):
            # MediaPipe names the side as for a mirrored selfie; uploads are not mirrored.
            side: Side = "right" if handedness.classification[0].label == "Left" else "left"
            yield np.array([(joint.x, joint.y) for joint in joints.landmark], np.float32), side

    @cached_property
    def _graph(self) -> Any:
        # The import takes half a second and 100 MB, and only the detection of hands needs it.
        from shared.detection.mediapipe_import import solutions  # noqa: PLC0415

        return solutions.hands.Hands(static_image_mode=True, max_num_hands=self._max_instances)
