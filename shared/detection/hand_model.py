"""MediaPipe's model of hands, as a function from a square RGB view to what it sees in it."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np

from shared.imaging.geometry import Image, Points
from shared.schemas.prompt import Side


class HandModel:
    """For one thread at a time."""

    def __init__(self, max_instances: int) -> None:
        self._max_instances = max_instances

    def hands(self, view: Image) -> Iterator[tuple[Points, Side]]:
        """The 21 joints of each hand, float32 (21, 2), and which hand it is.

        Joints are shares of the view's side: x grows right, y grows down.
        """
        answer = self._graph.process(view)
        found, sides = answer.multi_hand_landmarks or (), answer.multi_handedness or ()
        for joints, handedness in zip(found, sides, strict=True):
            # MediaPipe names the side as for a mirrored selfie; uploads are not mirrored.
            side: Side = "right" if handedness.classification[0].label == "Left" else "left"
            yield np.array([(joint.x, joint.y) for joint in joints.landmark], np.float32), side

    @cached_property
    def _graph(self) -> Any:
        # Half a second, and 100 MB, for those who look for hands alone.
        from shared.detection.mediapipe_import import solutions  # noqa: PLC0415

        return solutions.hands.Hands(static_image_mode=True, max_num_hands=self._max_instances)
