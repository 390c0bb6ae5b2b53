"""Proposals of faces and palms: a detector's raw detections at many scales, grouped by place."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from shared.detection.blazeface import RawDetection
from shared.detection.face_models import SHORT_SIDE, STEP, FaceModels
from shared.detection.windows import is_flat
from shared.imaging.boxes import FloatBox, ious
from shared.imaging.geometry import Points
from shared.imaging.pyramid import Canvas, Pyramid
from shared.imaging.windows import Window, blurred

_MIN_CONFIDENCE = 0.4
"""Minimum confidence of a raw detection that becomes part of a proposal. Low, because verification
rejects false proposals but cannot recover missed ones; lower values cost time. Chosen by hand."""

_MIN_IOU = 0.4
"""Raw detections whose IoU with a proposal is greater belong to it. Lower values join neighbouring
faces, higher ones verify the same face repeatedly. Chosen by hand."""

_MAX_CANVAS_SIDE = 512
"""Maximum side of the detector's input, in pixels. Bounds its memory, to some 30 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """A possible face or palm: box and features as in `RawDetection`, in image coordinates.

    `confidence` is that of its most confident raw detection.
    """

    box: FloatBox
    features: Points
    confidence: float

    @classmethod
    def mean(cls, detections: Sequence[RawDetection]) -> Proposal:
        """The mean box, weighted by confidence, and the median of the features."""
        weights = [detection.confidence for detection in detections]
        box = np.average([detection.box for detection in detections], axis=0, weights=weights)
        features = np.median([detection.features for detection in detections], axis=0)
        return cls(box, features.astype(np.float32), max(weights))

    @property
    def side(self) -> float:
        """The box's longer side, in pixels."""
        return float(max(self.box[2:] - self.box[:2]))

    def window(self, context: float) -> Window:
        """A window around a face, `context` times its side, rotated to level the eyes."""
        x, y = (self.box[:2] + self.box[2:]) / 2
        across, down = self.features[1] - self.features[0]
        return Window((float(x), float(y)), self.side * context, float(np.arctan2(down, across)))


def detect_raw(
    pyramid: Pyramid, sides: Sequence[float], blurs: Sequence[float], models: FaceModels
) -> list[RawDetection]:
    """Raw detections of the short-range detector, in image coordinates.

    The detector runs at one scale for each of `sides`. These are the window sides, in pixels: the
    detector finds faces that measure a tenth to nine tenths of one. `blurs` are Gaussian sigmas in
    pixels of the detector's input: they give flat art the soft gradients of photographs.
    """
    raw_detections = []
    for side in sides:
        for canvas in pyramid.canvases(side, SHORT_SIDE, STEP, _MAX_CANVAS_SIDE):
            if is_flat(canvas.picture):
                continue
            inputs = np.stack([blurred(canvas.picture, sigma) for sigma in blurs])
            for detections in models.short_range(inputs, _MIN_CONFIDENCE):
                raw_detections += [_from_canvas(detection, canvas) for detection in detections]
    return raw_detections


def fuse_proposals(detections: Iterable[RawDetection]) -> Iterator[Proposal]:
    """Yields one proposal for each group of overlapping raw detections: their mean.

    Proposals come in the order of their most confident detection.
    """
    remaining = sorted(detections, key=lambda detection: -detection.confidence)
    while remaining:
        boxes = np.array([detection.box for detection in remaining])
        proposal = Proposal.mean(remaining[:1])
        for _ in range(2):
            same = ious(boxes, proposal.box) > _MIN_IOU
            if not same.any():  # the mean of a chain of boxes may overlap none of them
                same[0] = True
            proposal = Proposal.mean(
                [detection for detection, is_same in zip(remaining, same, strict=True) if is_same]
            )
        yield proposal
        remaining = [
            detection for detection, is_same in zip(remaining, same, strict=True) if not is_same
        ]


def from_window(detection: RawDetection, window: Window, pixels: int) -> RawDetection:
    """Converts a detection in a window's view, `pixels` a side, to image coordinates."""
    box, features = detection.box / pixels, detection.features / pixels
    return RawDetection(window.box_to_image(box), window.to_image(features), detection.confidence)


def _from_canvas(detection: RawDetection, canvas: Canvas) -> RawDetection:
    corners = canvas.to_image(detection.box.reshape(2, 2).astype(np.float32))
    box = corners.reshape(4).astype(np.float64)
    return RawDetection(box, canvas.to_image(detection.features), detection.confidence)
