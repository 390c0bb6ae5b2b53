"""Where faces may be: a detector shown the whole image at many scales and under a few blurs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from shared.detection.blazeface import Sighting
from shared.detection.face_models import SHORT_SIDE, STEP, FaceModels
from shared.detection.pyramid import Canvas, Pyramid
from shared.detection.windows import Window, blurred, is_flat
from shared.imaging.boxes import FloatBox, ious
from shared.imaging.geometry import Points

_PROPOSED = 0.4
"""A sighting of this confidence makes a proposal."""

_SAME = 0.4
"""Sightings whose boxes meet with this IoU are of one face."""

_MOST_CANVAS = 512
"""Pixels a side that the detector is shown at once: bounds its memory, at some 30 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Where a face may be: a box and features as a `Sighting` has them, in image coordinates."""

    box: FloatBox
    features: Points

    @classmethod
    def mean(cls, sightings: Sequence[Sighting]) -> Proposal:
        """The mean place, weighted by confidence, and the median of the features."""
        weights = [seen.confidence for seen in sightings]
        box = np.average([seen.box for seen in sightings], axis=0, weights=weights)
        features = np.median([seen.features for seen in sightings], axis=0)
        return cls(box, features.astype(np.float32))

    @property
    def side(self) -> float:
        """The box's longer side."""
        return float(max(self.box[2:] - self.box[:2]))

    def window(self, context: float) -> Window:
        """A window around the proposal, `context` times as large, turned with its eyes."""
        x, y = (self.box[:2] + self.box[2:]) / 2
        across, down = self.features[1] - self.features[0]
        return Window((float(x), float(y)), self.side * context, float(np.arctan2(down, across)))


def slide(
    pyramid: Pyramid, sides: Sequence[float], blurs: Sequence[float], models: FaceModels
) -> list[Sighting]:
    """What the detector sees, in image coordinates.

    It looks as through windows with such `sides`, in pixels: a face is seen well if it takes up a
    tenth to nine tenths of one. `blurs` are Gaussian sigmas in pixels of what the detector is
    shown: they give flat art the soft gradients that it looks for.
    """
    found = []
    for side in sides:
        for canvas in pyramid.canvases(side, SHORT_SIDE, STEP, _MOST_CANVAS):
            if is_flat(canvas.picture):
                continue
            shown = np.stack([blurred(canvas.picture, sigma) for sigma in blurs])
            for sightings in models.short_range(shown, _PROPOSED):
                found += [_in_image(seen, canvas) for seen in sightings]
    return found


def merged(sightings: Iterable[Sighting]) -> Iterator[Proposal]:
    """One proposal for all sightings of a place: their mean. The best seen come first."""
    left = sorted(sightings, key=lambda seen: -seen.confidence)
    while left:
        boxes = np.array([seen.box for seen in left])
        proposal = Proposal(left[0].box, left[0].features)
        for _ in range(2):
            same = ious(boxes, proposal.box) > _SAME
            if not same.any():  # the mean of a chain may meet none of its links
                same[0] = True
            proposal = Proposal.mean(
                [seen for seen, is_same in zip(left, same, strict=True) if is_same]
            )
        yield proposal
        left = [seen for seen, is_same in zip(left, same, strict=True) if not is_same]


def _in_image(seen: Sighting, canvas: Canvas) -> Sighting:
    corners = canvas.to_image(seen.box.reshape(2, 2).astype(np.float32))
    box = corners.reshape(4).astype(np.float64)
    return Sighting(box, canvas.to_image(seen.features), seen.confidence)
