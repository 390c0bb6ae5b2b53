"""Candidate masks as SAM2 returns them for the prompt of a face, made from the true mask.

No weights of SAM2 were at hand. Its decoder returns three masks for an ambiguous prompt, of a part,
an object and what the object belongs to (Kirillov et al., "Segment Anything", 2023, section 3). So
a triple has the mask that is meant, and two of other objects: an eye, half of the face, the head
with hair, the figure, the background.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from scipy import ndimage

from shared.imaging.geometry import BoolMask, Floats, depths, mask_iou
from shared.schemas.box import Box
from shared.segmentation.mask_selection import Candidate

_BOUNDARY = 0.01
"""Standard deviation of a mask's edge, and of the mask's growth, as a share of the face's side.
SAM2's masks have 256 x 256 pixels for a crop, of which a face's side is about 100: one pixel."""

_ROUGH = 4.0
"""Errors of a bad mask of the face, relative to those of other masks. Chosen by hand: its IoU is
about 0.8."""

_WAVE = 0.15
"""Wavelength of the errors along an edge, as a share of the face's side. Chosen by hand."""

_PREDICTION_ERROR = 0.1
"""Standard deviation of the predicted IoU. Chosen by hand: the true one is not known."""

_LEAST_PREDICTED, _MOST_PREDICTED = 0.01, 0.99
"""Limits of the predicted IoU."""

_TWO_WHOLES = 1 / 3
"""Share of the triples without a part: what is meant, and two larger objects. Chosen by hand."""

FACE, HEAD = "face", "head with hair"
"""What a prompt may mean."""

_ROUGH_FACE = "rough face"

_Pair = tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """A candidate, and the kind of object that its mask was made from."""

    kind: str
    candidate: Candidate


class Objects:
    """The objects in the crop of a prompt, as bool (h, w) masks by their kinds.

    `face` is the true mask, bool (h, w); `head` the mask of the head with hair, which contains it.
    """

    def __init__(self, face: BoolMask, head: BoolMask) -> None:
        box = bounds_of_mask(face)
        self._side = float(np.sqrt(box.width * box.height))
        bust = head | _neck(face, box)
        figure = bust | _shoulders(face, box)
        features = {kind: mask & face for kind, mask in _features(face, box).items()}
        wholes = {
            HEAD: head,
            "face and what is around its top": face | _dome(face, box),
            "face with neck": face | _neck(face, box),
            "head with neck": bust,
            "figure": figure,
            "background": ~figure,
        }
        self._objects = {FACE: face, **features, **wholes}  # what SAM2 may take for an object
        self._parts = {
            **features,
            **_halves(face, box),
            "core of the face": _core(face),
            "shifted face": _shifted(face, box),
            _ROUGH_FACE: face,
            "face without features": face & ~np.logical_or.reduce(list(features.values())),
        }
        self._wholes = {**wholes, "crop": np.ones_like(face)}

    def triple(self, meant: str, random: np.random.Generator) -> tuple[Option, Option, Option]:
        """Returns three candidates in random order: of what is meant (FACE or HEAD), and two more.

        The two others are a part and something larger, or two larger things.
        """
        masks = {FACE: self._objects[FACE], **self._parts, **self._wholes}
        larger = [kind for kind in self._wholes if kind != meant]
        smaller = [kind for kind in (*self._parts, FACE) if kind != meant]
        if random.random() < _TWO_WHOLES:
            others = random.choice(larger, 2, replace=False)
        else:
            others = np.array([random.choice(smaller), random.choice(larger)])
        kinds = random.permutation([meant, *others])
        first, second, third = (self._option(str(kind), masks[kind], random) for kind in kinds)
        return first, second, third

    def _option(self, kind: str, mask: BoolMask, random: np.random.Generator) -> Option:
        errors = _BOUNDARY * self._side * (_ROUGH if kind == _ROUGH_FACE else 1)
        pixels = _with_errors(mask, errors, _WAVE * self._side, random)
        return Option(kind, Candidate(pixels, self._predicted_iou(pixels, random)))

    def _predicted_iou(self, pixels: BoolMask, random: np.random.Generator) -> float:
        """The IoU with the object that fits best, with an error.

        SAM2's head for IoUs estimates how well a mask fits the object that this mask shows. It does
        not know which object is meant: a clean mask of an eye has as high a value as one of the
        face.
        """
        best = max(mask_iou(pixels, known) for known in self._objects.values())
        noisy = best + random.normal(0, _PREDICTION_ERROR)
        return float(np.clip(noisy, _LEAST_PREDICTED, _MOST_PREDICTED))


def _with_errors(
    mask: BoolMask, errors: float, wave: float, random: np.random.Generator
) -> BoolMask:
    """The mask with a wavy edge, a little larger or smaller.

    `errors` is the standard deviation of the edge, `wave` the wavelength, both in pixels.
    """
    height, width = mask.shape
    cells = [max(2, round(length / wave)) for length in mask.shape]
    waves = cv2.resize(random.normal(0, 1, cells), (width, height), interpolation=cv2.INTER_CUBIC)
    inside, outside = (_distances(pixels) for pixels in (mask, ~mask))
    growth = errors * (waves + random.normal())
    return np.asarray(inside - outside + growth > 0)


def _distances(pixels: BoolMask) -> Floats:
    """Distances to the nearest pixel of the array that is not set, minus half a pixel; 0 outside.

    In an array without such a pixel they are very large. Unlike those of `depths`, the border of
    the array is no edge.
    """
    distances = cv2.distanceTransform(pixels.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    return np.maximum(distances - 0.5, 0)


def bounds_of_mask(mask: BoolMask) -> Box:
    """The smallest box that contains all pixels of the mask, which is not empty."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return Box(x, y, x + width, y + height)


def _features(face: BoolMask, box: Box) -> dict[str, BoolMask]:
    """Ellipses where an upright face has its features, in shares of its bounds."""
    places = {
        "left eye": ((0.3, 0.45), (0.13, 0.08)),
        "right eye": ((0.7, 0.45), (0.13, 0.08)),
        "nose": ((0.5, 0.58), (0.09, 0.13)),
        "mouth": ((0.5, 0.78), (0.2, 0.08)),
    }
    return {kind: _ellipse(face, box, *place) for kind, place in places.items()}


def _halves(face: BoolMask, box: Box) -> dict[str, BoolMask]:
    ys, xs = np.indices(face.shape, sparse=True)
    is_left, is_upper = xs < (box.x0 + box.x1) / 2, ys < (box.y0 + box.y1) / 2
    return {
        "left half": face & is_left,
        "right half": face & ~is_left,
        "upper half": face & is_upper,
        "lower half": face & ~is_upper,
    }


def _core(face: BoolMask) -> BoolMask:
    """The inner half of the face's area."""
    depth = depths(face)
    return np.asarray(depth > np.median(depth[face]))


def _shifted(face: BoolMask, box: Box) -> BoolMask:
    """The face, a quarter of its size to the right and downwards."""
    return np.asarray(ndimage.shift(face, (box.height / 4, box.width / 4), order=0))


def _dome(face: BoolMask, box: Box) -> BoolMask:
    """The ellipse of a head whose hair is short, around the face's upper part."""
    return _ellipse(face, box, (0.5, 0.35), (0.62, 0.7))


def _neck(face: BoolMask, box: Box) -> BoolMask:
    """A strip below the face, from its middle to 0.4 of its height below the chin."""
    return _strip(face, box, (0.25, 0.75), (0.5, 1.4))


def _shoulders(face: BoolMask, box: Box) -> BoolMask:
    """All below the neck, 1.2 times the face's width to each side of its middle."""
    return _strip(face, box, (-0.7, 1.7), (1.3, np.inf))


def _strip(face: BoolMask, box: Box, xs: _Pair, ys: _Pair) -> BoolMask:
    rows, columns = np.indices(face.shape, sparse=True)
    x, y = (columns - box.x0) / box.width, (rows - box.y0) / box.height
    return np.asarray((x >= xs[0]) & (x < xs[1]) & (y >= ys[0]) & (y < ys[1]))


def _ellipse(face: BoolMask, box: Box, middle: _Pair, radii: _Pair) -> BoolMask:
    """An ellipse with its middle and radii in shares of the face's bounds."""
    rows, columns = np.indices(face.shape, sparse=True)
    dx, dy = (columns - box.x0) / box.width - middle[0], (rows - box.y0) / box.height - middle[1]
    return np.asarray((dx / radii[0]) ** 2 + (dy / radii[1]) ** 2 < 1)
