"""Whether a proposal is a face: two detectors look again, at views made for it.

The views show the place upright, in the middle, from near and from farther away. Drawn faces are
seen again in nearly all of them, chance patterns in few.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from shared.detection.blazeface import Sighting
from shared.detection.face_models import (
    FULL_SIDE,
    LEAST_CONFIDENCE,
    SHORT_SIDE,
    FaceModels,
    Pictures,
)
from shared.detection.proposals import Proposal
from shared.detection.pyramid import Pyramid
from shared.detection.windows import Window, blurred, mirrored
from shared.imaging.boxes import centred, iou
from shared.imaging.geometry import Image

_CONTEXTS = (4.4, 2.6)
"""Sides of the views, as multiples of the proposal's: contexts far apart tell more than more views
do."""

_LOOKS = ((0.0, False), (1.5, True))
"""Gaussian sigma in pixels of a view, and whether the view is mirrored."""

_MET_AGAIN = 0.3
"""What a view shows is the proposal if their boxes meet with this IoU."""

_SURE = (-1.0, 0.5)
"""Evidence (mean log-odds) below and above which one look in both contexts is enough."""

_HOPELESS = -1.9
"""Evidence below which it ends at once: no face that counts in the end ever has less."""

_SIZE_WEIGHT, _SIZE_RANGE = 0.25, (20, 400)
"""Small windows are many, so chance has more occasions to draw a small face: log-odds grow with
the logarithm of the side, in pixels, between these limits."""

_SLOPE, _OFFSET = 3.0, 0.6
"""Logistic calibration of the evidence: fitted to generated avatars and clip art."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """What was proposed, where the face was then seen, and how sure it is one, 0..1."""

    proposal: Proposal
    place: Proposal
    score: float


def look_again(pyramid: Pyramid, proposal: Proposal, models: FaceModels) -> Face:
    """How sure two detectors are, over a few views, that the proposal is a face, and where."""
    prior = _SIZE_WEIGHT * np.log(np.clip(proposal.side, *_SIZE_RANGE) / _SIZE_RANGE[1])
    odds: list[float] = []
    met: list[Sighting] = []
    evidence = 0.0
    for shown in _shown(pyramid, proposal, models):
        pixels = len(shown.picture)
        (seen,) = shown.detect(shown.picture[None], LEAST_CONFIDENCE)
        side = pixels * proposal.side / shown.window.side
        middle = centred(np.full(2, pixels / 2), np.full(2, side))
        best = next((one for one in seen if iou(one.box, middle) > _MET_AGAIN), None)
        odds.append(_log_odds(best.confidence if best else LEAST_CONFIDENCE))
        if best:
            there = best.mirrored(pixels) if shown.mirrored else best
            met.append(_in_image(there, shown.window, pixels))
        evidence = float(np.mean(odds) + prior)
        if evidence < _HOPELESS or (shown.is_last and not _SURE[0] < evidence < _SURE[1]):
            break
    score = float(1 / (1 + np.exp(-(_SLOPE * evidence + _OFFSET))))
    return Face(proposal, Proposal.mean(met) if met else proposal, score)


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """A window's picture and the detector that it is for; whether it is the last of a look."""

    picture: Image
    window: Window
    mirrored: bool
    detect: Callable[[Pictures, float], Sequence[Iterator[Sighting]]]
    is_last: bool = False


def _shown(pyramid: Pyramid, proposal: Proposal, models: FaceModels) -> Iterator[_Shown]:
    """All that the detectors are shown of a proposal, look by look."""
    # Mirrors at the border make half a face whole; where nothing is cut they would crowd the view.
    mirrors = _is_cut(proposal, pyramid.image)
    windows = [proposal.window(context) for context in _CONTEXTS]
    views = [pyramid.view(window, FULL_SIDE, mirrors=mirrors) for window in windows]
    for sigma, mirror in _LOOKS:
        for window, view in zip(windows, views, strict=True):
            large = blurred(mirrored(view) if mirror else view, sigma)
            small = np.asarray(cv2.resize(large, (SHORT_SIDE, SHORT_SIDE)), np.uint8)
            yield _Shown(small, window, mirror, models.short_range)
            yield _Shown(large, window, mirror, models.full_range, window is windows[-1])


def _is_cut(proposal: Proposal, image: Image) -> bool:
    """Whether the image's border runs through the face."""
    x0, y0, x1, y1 = proposal.box
    return bool(min(x0, y0) < 0 or x1 > image.shape[1] or y1 > image.shape[0])


def _in_image(seen: Sighting, window: Window, pixels: int) -> Sighting:
    """What was seen in a window's view, in the image. Its box stays upright and keeps its size."""
    corners = seen.box.reshape(2, 2) / pixels
    (middle,) = window.to_image(corners.mean(axis=0, keepdims=True).astype(np.float32))
    box = centred(middle, (corners[1] - corners[0]) * window.side)
    return Sighting(box, window.to_image(seen.features / pixels), seen.confidence)


def _log_odds(confidence: float) -> float:
    held = min(max(confidence, LEAST_CONFIDENCE), 1 - LEAST_CONFIDENCE)
    return float(np.log(held / (1 - held)))
