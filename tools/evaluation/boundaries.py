"""How well the edges of masks agree: the corpus's boundary F, and the same over drawn edges."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shared.imaging.geometry import BoolMask, Image
from tools.evaluation.manifest import IGNORE, IGNORE_BAND

_TOLERANCE = 3
"""Largest distance of matching boundary pixels. A rule of the corpus."""

_EAR_DEPTH = 9
"""Ignored pixels that are farther than this from a face belong to an ear, not to the edge's band.
Chosen by hand: well above the band's width."""

_EAR_MARGIN = 4
"""Pixels around an ear in which predicted boundaries are not scored. Chosen by hand: one more than
the tolerance."""

_DRAWN = 20
"""Least difference of levels, 0..255, in one channel, within the tolerance of a drawn edge. The
labels of the corpus cross plain skin where a style's outline of the head does not fit an avatar.
Chosen by eye: fainter edges are dithering and gradients."""

_SLACK = 10
"""Pixels around a part of the true boundary that is not drawn in which predicted boundaries are not
scored: so far apart are such labels and the drawn chin (`avataaars`). Chosen by eye."""


@dataclass(frozen=True, slots=True)
class BoundaryScores:
    """`all` is the corpus's boundary F, `drawn` the one over the edges that the image shows."""

    all: float
    drawn: float


def boundary_scores(
    predicted: BoolMask, label: npt.NDArray[np.uint8], image: Image
) -> BoundaryScores:
    """Compares a mask, bool (h, w), with a label map of `read_label`. `image` is RGB uint8.

    `drawn` leaves out the true boundary beside ears, where the corpus's rule counts only the
    predicted one, and where the image shows no edge.
    """
    truth = (label > 0) & (label < IGNORE)
    distance = ndimage.distance_transform_edt(~truth)
    ears = (label == IGNORE) & (distance > _EAR_DEPTH)
    beside_ears = ndimage.binary_dilation(ears, iterations=_EAR_MARGIN)
    predicted_edge = _edge(predicted) & ~beside_ears
    true_edge = _edge(distance <= IGNORE_BAND)
    shown = true_edge & _has_edge(image) & ~_within(ears, _SLACK)
    elsewhere = ~_within(true_edge & ~shown, _SLACK)
    right = _within(true_edge, _TOLERANCE)
    found = _within(predicted_edge, _TOLERANCE)
    return BoundaryScores(
        all=_f_score(right[predicted_edge], found[true_edge]),
        drawn=_f_score(right[predicted_edge & elsewhere], found[shown]),
    )


def _f_score(right: npt.NDArray[np.bool_], found: npt.NDArray[np.bool_]) -> float:
    """The F-score: of all predicted pixels those that are right, of all true ones those found."""
    if not right.size or not found.size:
        return float(right.size == found.size)
    precision, recall = right.mean(), found.mean()
    total = precision + recall
    return float(2 * precision * recall / total) if total else 0.0


def _edge(mask: BoolMask) -> BoolMask:
    return mask & ~ndimage.binary_erosion(mask, border_value=1)


def _within(pixels: BoolMask, distance: float) -> BoolMask:
    """Pixels at most so far from the given ones."""
    if not pixels.any():
        return pixels
    near: npt.NDArray[np.bool_] = ndimage.distance_transform_edt(~pixels) <= distance
    return near


def _has_edge(image: Image) -> BoolMask:
    """Where levels differ within the tolerance."""
    window = np.ones((2 * _TOLERANCE + 1,) * 2, np.uint8)
    difference = cv2.subtract(cv2.dilate(image, window), cv2.erode(image, window))
    return np.asarray(difference.max(axis=2) >= _DRAWN)
