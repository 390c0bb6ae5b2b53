"""MediaPipe's hand models: the palm detector, and the model of the joints."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shared.detection.blazeface import RawDetection, anchors, decode
from shared.detection.litert_model import LiteRtModel, Pictures
from shared.imaging.geometry import Floats, Image

PALM_SIDE, JOINTS_SIDE = 192, 224
"""Sides of the models' inputs, in pixels. From the models."""

_ANCHORS = np.concatenate(
    [anchors(PALM_SIDE, PALM_SIDE, 8, 2), anchors(PALM_SIDE, PALM_SIDE, 16, 6)]
)
"""Strides and anchors in a cell: those of MediaPipe's graph `palm_detection`."""

_FEATURES = 7


@dataclass(frozen=True, slots=True, eq=False)
class Joints:
    """What the model says about pictures of one hand each.

    `points` (n, 21, 2) are the joints in pixels of the picture: the wrist, then four joints of each
    finger from the thumb on. `presence` (n,) is the probability that the picture shows a hand, and
    `left` (n,) that it is a left one in a mirrored picture.
    """

    points: Floats
    presence: Floats
    left: Floats


class HandModels:
    """Not thread-safe."""

    def palms(self, picture: Image, min_confidence: float) -> Iterator[RawDetection]:
        """The palms in an RGB picture of PALM_SIDE pixels a side, the most confident first."""
        predictions, logits = self._palms.run(picture[None])
        return decode(predictions[0], logits[0, :, 0], _ANCHORS, _FEATURES, min_confidence)

    def joints(self, pictures: Pictures) -> Joints:
        """Pictures, RGB uint8 of JOINTS_SIDE pixels a side, show an upright hand each."""
        points, presence, left, _ = self._joints.run(pictures)
        return Joints(points.reshape(len(pictures), -1, 3)[:, :, :2], presence[:, 0], left[:, 0])

    @cached_property
    def _palms(self) -> LiteRtModel:
        return LiteRtModel("palm_detection/palm_detection_full", black=0)

    @cached_property
    def _joints(self) -> LiteRtModel:
        return LiteRtModel("hand_landmark/hand_landmark_full", black=0)
