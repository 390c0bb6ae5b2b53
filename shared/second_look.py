"""Whether a proposal is a face: two detectors look again, at views made for it.

The views show the place upright, in the middle, from near and from farther away. Drawn faces are
seen again in nearly all of them, chance patterns in few.
"""

from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np

from shared.blaze_face import Sighting
from shared.face_models import FULL_SIDE, LEAST_CONFIDENCE, SHORT_SIDE, FaceModels
from shared.float_boxes import centred, iou
from shared.geometry import Image
from shared.proposals import Proposal
from shared.pyramid import Pyramid
from shared.views import Window, blurred, mirrored

_CONTEXTS = (4.4, 2.6)
"""Sides of the views, as multiples of the proposal's: contexts far apart tell more than more views
do."""

_LOOKS = ((0.0, False), (1.5, True))
"""Gaussian sigma in pixels of a view, and whether the view is mirrored."""

_MET_AGAIN = 0.3
"""What a view shows is the proposal if their boxes meet with this IoU."""

_SURE = (-1.0, 0.5)
"""Evidence (mean log-odds) below and above which the look ends after both contexts."""

_HOPELESS = -1.9
"""Evidence below which a single view is enough: no face that counts in the end has less in it."""

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
    windows = [proposal.window(context) for context in _CONTEXTS]
    # Mirrors at the border make half a face whole; where nothing is cut they would crowd the view.
    mirrors = _is_cut(proposal, pyramid.image)
    views = [(window, pyramid.view(window, FULL_SIDE, mirrors=mirrors)) for window in windows]
    odds: list[float] = []
    met: list[Sighting] = []
    evidence = 0.0
    for number, ((sigma, mirror), (window, view)) in enumerate(product(_LOOKS, views), 1):
        shown = blurred(mirrored(view) if mirror else view, sigma)
        for picture, detect in (
            (_small(shown), models.short_range),
            (shown, models.full_range),
        ):
            pixels = len(picture)
            (seen,) = detect(picture[None], LEAST_CONFIDENCE)
            middle = centred(
                np.full(2, pixels / 2), np.full(2, pixels * proposal.side / window.side)
            )
            best = next((one for one in seen if iou(one.box, middle) > _MET_AGAIN), None)
            odds.append(_log_odds(best.confidence if best else LEAST_CONFIDENCE))
            if best:
                met.append(_in_image(best.mirrored(pixels) if mirror else best, window, pixels))
        evidence = float(np.mean(odds) + prior)
        in_both = number % len(views) == 0
        if evidence < _HOPELESS or (in_both and not _SURE[0] < evidence < _SURE[1]):
            break
    score = float(1 / (1 + np.exp(-(_SLOPE * evidence + _OFFSET))))
    return Face(proposal, Proposal.mean(met) if met else proposal, score)


def _is_cut(proposal: Proposal, image: Image) -> bool:
    """Whether the image's border runs through the face."""
    x0, y0, x1, y1 = proposal.box
    return bool(min(x0, y0) < 0 or x1 > image.shape[1] or y1 > image.shape[0])


def _small(view: Image) -> Image:
    return np.asarray(cv2.resize(view, (SHORT_SIDE, SHORT_SIDE)), np.uint8)


def _in_image(seen: Sighting, window: Window, pixels: int) -> Sighting:
    """What was seen in a window's view, in the image. Its box stays upright and keeps its size."""
    corners = seen.box.reshape(2, 2) / pixels
    (middle,) = window.to_image(corners.mean(axis=0, keepdims=True).astype(np.float32))
    box = centred(middle, (corners[1] - corners[0]) * window.side)
    return Sighting(box, window.to_image(seen.features / pixels), seen.confidence)


def _log_odds(confidence: float) -> float:
    held = min(max(confidence, LEAST_CONFIDENCE), 1 - LEAST_CONFIDENCE)
    return float(np.log(held / (1 - held)))
