"""Skin in flat art: one colour, whose area ends at a line or at another colour."""

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
"""Flatness from which an image counts as flat art: drawings have 0.4 to 0.9, photos 0.1."""

_EVEN = 2.5
"""Colours that differ by no more (CIE76) are seen as one: flatness is their share of the core."""

_MODE_RADIUS = 8.0
"""Colours within this CIE76 difference of the commonest one are the same skin."""

_BINS = 34
"""So many times _MODE_RADIUS is more than the extent of CIELAB's axes for RGB, -108 to 100."""

_TOLERANCE = (4.0, 14.0)
"""Limits of the difference at which skin ends, set by how much it varies around its mode."""

_FACE = 0.75
"""An ellipse in the box, so much smaller, shows the face: its skin more than anything else."""

_GAP = 0.008
"""Gaps in outlines that skin does not leak through, as a share of the box's shorter side."""


@dataclass(frozen=True, slots=True, eq=False)
class Skin:
    """What a drawing shows of a face's colour. Masks are bool (h, w).

    `core` is sure to be face, `coloured` all that has its colour, `area` the parts of that which
    belong to the face, maybe with a neck. `flatness` is the share of the core that has just one
    colour, 0 where there is no area.
    """

    core: BoolMask
    coloured: BoolMask
    area: BoolMask
    flatness: float


def seen_colours(image: Image) -> Lab:
    """The RGB uint8 image in CIELAB, float32, without single odd pixels."""
    smooth = cv2.medianBlur(np.ascontiguousarray(image), 3)
    return np.asarray(cv2.cvtColor(smooth.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), np.float32)


def squares(lab: Lab, colour: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Float32 (h, w): each pixel's squared CIE76 difference from the colour."""
    return np.asarray(cv2.transform((lab - colour) ** 2, np.ones((1, 3))), np.float32)


def find_skin(lab: Lab, points: Sequence[LabelledPoint], box: Box) -> Skin:
    """The skin that the points mean; box and points are in the image's pixels."""
    core = _core(points, box, lab.shape[:2])
    if not core.any():  # all of it lies beyond the image
        return Skin(core, core, core, 0.0)
    skin, flatness = _skin(lab, core, ellipse(box, _FACE, lab.shape))
    area = _around(skin, core, box, min(box.width, box.height))
    # without an area the core lies between areas
    return Skin(core, skin, area, flatness if area.any() else 0.0)


def _core(points: Sequence[LabelledPoint], box: Box, shape: tuple[int, ...]) -> BoolMask:
    """Pixels that are sure to be face: the hull of the positive points, or the box's middle."""
    core = np.zeros(shape[:2], np.uint8)
    positive = [(int(x), int(y)) for x, y, label in points if label]
    if len(positive) >= 3:
        cv2.fillConvexPoly(core, cv2.convexHull(np.array(positive, np.int32)), (1,))
        return morphed(core > 0, cv2.MORPH_DILATE, 2)
    return ellipse(box, 0.4, shape)


def _skin(lab: Lab, core: BoolMask, around: BoolMask) -> tuple[BoolMask, float]:
    """All pixels of the skin's colour, and the flatness of the core.

    Eyes may fill the core, hair what is around it: skin is what both have.
    """
    samples = lab[core]
    own, beside = _bins(samples), _bins(lab[around & ~core])
    in_core, outside = (np.bincount(bins, minlength=_BINS**3) for bins in (own, beside))
    mode = samples[own == (in_core * (1 + outside)).argmax()].mean(axis=0)
    for _ in range(4):  # mean shift
        mode = samples[np.linalg.norm(samples - mode, axis=1) < _MODE_RADIUS].mean(axis=0)
    spread = np.linalg.norm(samples - mode, axis=1)
    same = spread[spread < _MODE_RADIUS]
    tolerance = np.clip(3 * np.percentile(same, 80) + 2, *_TOLERANCE)
    return squares(lab, mode) < tolerance**2, float((spread < _EVEN).mean())


def _bins(colours: Lab) -> npt.NDArray[np.int64]:
    """For each of the colours, (n, 3), which cube of _MODE_RADIUS it lies in, (n,)."""
    cubes = np.rint(colours / _MODE_RADIUS).astype(np.int64)
    return np.asarray(
        (cubes[:, 0] * _BINS + cubes[:, 1] + _BINS // 2) * _BINS + cubes[:, 2] + _BINS // 2
    )


def _around(skin: BoolMask, core: BoolMask, box: Box, unit: int) -> BoolMask:
    """The parts of the skin that the core shows, or that lie in the box."""
    gap = max(1, round(_GAP * unit))
    count, labels, areas = parts(morphed(skin, cv2.MORPH_OPEN, gap))
    in_core = np.bincount(labels[core], minlength=count)
    in_box = np.bincount(labels[ellipse(box, 1.0, skin.shape)], minlength=count)
    keep = (in_core > 0.02 * np.count_nonzero(core)) | (in_box > 0.45 * areas)
    keep[0] = False
    return morphed(keep[labels], cv2.MORPH_DILATE, gap) & skin
