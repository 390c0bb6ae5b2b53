"""Segments skin in flat art: regions of one colour that end at a line or at another colour."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import BoolMask, Image
from shared.imaging.morphology import ellipse, morphed, parts
from shared.schemas.box import Box

Lab = npt.NDArray[np.float32]
LabelledPoint = tuple[float, float, int]

FLAT_ENOUGH = 0.25
"""Minimum flatness of flat art. Drawings have 0.4 to 0.9, photographs 0.1: the threshold lies
between them. Chosen by hand."""

_SAME_COLOUR = 2.5
"""CIE76 difference to the skin's colour below which a pixel counts for flatness. Near the smallest
difference that people notice: a greater value counts gradients of photographs as flat. Chosen by
hand."""

_MODE_RADIUS = 8.0
"""Radius of the mean shift that finds the skin's colour, as a CIE76 difference. A greater radius
mixes skin with other colours, a smaller one follows a single shade. Chosen by hand."""

_BINS = 34
"""Number of histogram bins per axis, each _MODE_RADIUS wide: together wider than CIELAB's axes for
RGB, -108 to 100. With fewer, different colours would share a bin."""

_TOLERANCE = (4.0, 14.0)
"""Limits of the CIE76 difference at which skin ends; between them it follows the skin's own
variation. A lower minimum leaves holes, a higher maximum includes other colours. Chosen by hand."""

_FACE = 0.75
"""Axes of an ellipse that shows mostly the face's skin, as a share of the box's sides. A larger
ellipse includes hair, a smaller one too little skin. Chosen by hand."""

_GAP = 0.008
"""Radius of the opening that keeps skin from leaking through gaps in outlines, as a share of the
box's shorter side. A greater radius removes thin parts of the skin. Chosen by hand."""


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """The skin of one face. Masks are bool (h, w).

    `core` are pixels that belong to the face with the greatest certainty, `coloured` all pixels of
    the skin's colour, `area` those that belong to the face, possibly with its neck. `flatness`,
    0..1, is the share of the core that has the skin's colour exactly, 0 where `area` is empty.
    """

    core: BoolMask
    coloured: BoolMask
    area: BoolMask
    flatness: float


def to_lab(image: Image) -> Lab:
    """Converts an RGB uint8 (h, w, 3) image to CIELAB, float32, after a median filter."""
    smooth = cv2.medianBlur(np.ascontiguousarray(image), 3)
    return np.asarray(cv2.cvtColor(smooth.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def squared_differences(lab: Lab, colour: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Squared CIE76 difference of each pixel from the colour, (3,): float32 (h, w)."""
    return np.asarray(cv2.transform((lab - colour) ** 2, np.ones((1, 3))), np.float32)


def find_skin(lab: Lab, points: Sequence[LabelledPoint], box: Box) -> Skin:
    """Finds the skin of the face in the box; points (x, y, label) are positive where label is 1.

    `lab` is float32 (h, w, 3); box and points are in its pixels.
    """
    core = _core(points, box, lab.shape[:2])
    if not core.any():  # it lies completely outside the image
        return Skin(core, core, core, 0.0)
    skin, flatness = _skin(lab, core, ellipse(box, _FACE, lab.shape))
    area = _face_parts(skin, core, box, min(box.width, box.height))
    # An empty area means that the core lies between regions of skin.
    return Skin(core, skin, area, flatness if area.any() else 0.0)


def _core(points: Sequence[LabelledPoint], box: Box, shape: tuple[int, ...]) -> BoolMask:
    """The convex hull of the positive points, or the box's centre if there are fewer than three."""
    core = np.zeros(shape[:2], np.uint8)
    positive = [(int(x), int(y)) for x, y, label in points if label]
    if len(positive) >= 3:
        cv2.fillConvexPoly(core, cv2.convexHull(np.array(positive, np.int32)), (1,))
        return morphed(core > 0, cv2.MORPH_DILATE, 2)
    return ellipse(box, 0.4, shape)


def _skin(lab: Lab, core: BoolMask, around: BoolMask) -> tuple[BoolMask, float]:
    """All pixels of the skin's colour, and the flatness of the core.

    Eyes may dominate the core, and hair its surroundings `around`. So the skin's colour is the one
    that is frequent in both.
    """
    samples = lab[core]
    core_bins, around_bins = _bins(samples), _bins(lab[around & ~core])
    in_core, outside = (np.bincount(bins, minlength=_BINS**3) for bins in (core_bins, around_bins))
    mode = samples[core_bins == (in_core * (1 + outside)).argmax()].mean(axis=0)
    for _ in range(4):  # mean shift
        mode = samples[np.linalg.norm(samples - mode, axis=1) < _MODE_RADIUS].mean(axis=0)
    spread = np.linalg.norm(samples - mode, axis=1)
    same = spread[spread < _MODE_RADIUS]
    tolerance = np.clip(3 * np.percentile(same, 80) + 2, *_TOLERANCE)
    return squared_differences(lab, mode) < tolerance**2, float((spread < _SAME_COLOUR).mean())


def _bins(colours: Lab) -> npt.NDArray[np.int64]:
    """Index of the histogram bin of each colour: (n, 3) to int64 (n,)."""
    cubes = np.rint(colours / _MODE_RADIUS).astype(np.int64)
    return np.asarray(
        (cubes[:, 0] * _BINS + cubes[:, 1] + _BINS // 2) * _BINS + cubes[:, 2] + _BINS // 2
    )


def _face_parts(skin: BoolMask, core: BoolMask, box: Box, unit: int) -> BoolMask:
    """The connected parts of the skin that overlap the core, or lie mostly in the box's ellipse."""
    gap = max(1, round(_GAP * unit))
    count, labels, areas = parts(morphed(skin, cv2.MORPH_OPEN, gap))
    in_core = np.bincount(labels[core], minlength=count)
    in_box = np.bincount(labels[ellipse(box, 1.0, skin.shape)], minlength=count)
    keep = (in_core > 0.02 * np.count_nonzero(core)) | (in_box > 0.45 * areas)
    keep[0] = False
    return morphed(keep[labels], cv2.MORPH_DILATE, gap) & skin
