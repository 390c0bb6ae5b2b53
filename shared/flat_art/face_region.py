"""Cutting a face out of flat art: one skin colour, whose area ends at a line or at another colour.

GrabCut's clouds of colours tell skin from hair, but not a face from the neck below it, and they
take or leave whole features by their colour. Here the drawing itself is read: the area of skin
around the prompt's points, with all that lies inside it, less what hangs on it by a neck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shared.flat_art.skin import Lab, LabelledPoint, find_skin, seen_colours, squares
from shared.imaging.geometry import BoolMask, Image, depths, fill_holes
from shared.imaging.morphology import ellipse, morphed, parts
from shared.schemas.box import Box

_LINE = 0.008
"""Lines inside the face as thick as twice this are bridged: a share of the box's shorter side, like
all lengths below."""

_ENCLOSED = 0.9
"""A patch of another colour is a feature if this share of it lies in the skin's convex hull: eyes,
teeth and glasses do, a fringe belongs to hair that reaches beyond."""

_SPLINTER = 0.01
"""Where no disc of this radius fits in, at the edge, there is no feature but a piece of a line."""

_COLOURS = 10
"""Patches are parts of one of so many colours."""

_BALL, _LEAST_BALL = 0.65, 0.28
"""A ball that cannot leave the face: its radius as a share of the largest that fits in, and the
least. What it cannot enter from there is a neck, if it hangs below."""

_REACH = 0.02
"""How far around the ball's ways the face reaches: into corners and to the edge."""

_BELOW = 0.6
"""What hangs below is lower than the face's middle by this share of its sideways distance."""

_WIDE = 0.8
"""What is joined to the face over more than this share of its width is no neck but a jaw."""

_SPECK = 0.004
_STRIP = 0.12
"""Least and greatest share of the face's area of what a chin line parts from it."""

_FEATURES = 0.03
"""Lines that lie no farther than this from the prompt's points are features, not the chin's."""


@dataclass(frozen=True, slots=True, eq=False)
class FlatArea:
    """A face's mask, and the share of its core that has just one colour."""

    pixels: BoolMask
    flatness: float


def flat_area(image: Image, points: Sequence[LabelledPoint], box: Box) -> FlatArea:
    """The face that the points mean, in an RGB uint8 image; the box is in its pixels.

    Cost grows with the pixels: meant for boxes of about 256 pixels.
    """
    lab = seen_colours(image)
    skin = find_skin(lab, points, box)
    if not skin.area.any():
        return FlatArea(skin.area, skin.flatness)
    unit = min(box.width, box.height)
    patches = _patches(lab)
    enclosed = _with_enclosed(skin.area, skin.coloured, patches, unit)
    whole = fill_holes(_bridged(enclosed, box, unit))
    neck = _neck(whole, skin.core, unit)
    if neck.any():
        whole &= ~neck
        whole &= ~_strip(whole, skin.area, neck, skin.core, unit)
    # What was enclosed together with the neck may not be so without it.
    face = _touching(whole, skin.core) & skin.area
    features = _with_enclosed(face, skin.coloured, patches, unit)
    return FlatArea(fill_holes(_bridged(features, box, unit)), skin.flatness)


def _patches(lab: Lab) -> npt.NDArray[np.int32]:
    """Labels of the connected parts of each of the image's main colours."""
    colours = lab.reshape(-1, 3)
    sample = colours[np.random.default_rng(0).integers(0, len(colours), 4000)]
    cv2.setRNGSeed(0)
    count = min(_COLOURS, len(np.unique(sample, axis=0)))
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    # OpenCV's stubs do not know that labels to start from may be left out.
    _, _, centres = cv2.kmeans(sample, count, None, criteria, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    nearest, least = np.zeros(lab.shape[:2], np.uint8), np.full(lab.shape[:2], np.inf, np.float32)
    for colour, centre in enumerate(centres):
        away = squares(lab, centre)
        nearest[away < least] = colour
        np.minimum(least, away, out=least)
    patches = np.zeros(nearest.shape, np.int32)
    used = 0
    for colour in range(count):
        found, labels = cv2.connectedComponents(
            (nearest == colour).astype(np.uint8), connectivity=4
        )
        patches += np.where(labels > 0, labels + used, 0).astype(np.int32)
        used += found - 1
    return patches


def _with_enclosed(
    area: BoolMask, skin: BoolMask, patches: npt.NDArray[np.int32], unit: int
) -> BoolMask:
    """The area and the patches of other colours that its convex hull encloses."""
    if not area.any():
        return area
    rows, columns = np.nonzero(area)
    hull = np.zeros(area.shape, np.uint8)
    outline = cv2.convexHull(np.column_stack([columns, rows]).astype(np.int32))
    cv2.fillConvexPoly(hull, outline, (1,))
    count = int(patches.max()) + 1
    inside = np.bincount(patches[hull > 0], minlength=count)
    enclosed = inside > _ENCLOSED * np.bincount(patches.ravel(), minlength=count)
    more = area | (enclosed[patches] & ~skin)
    thick = morphed(fill_holes(more), cv2.MORPH_OPEN, max(1, round(_SPLINTER * unit)))
    return area | (more & thick)


def _bridged(area: BoolMask, box: Box, unit: int) -> BoolMask:
    """The area with thin lines in the box's middle closed."""
    closed = morphed(area, cv2.MORPH_CLOSE, max(1, round(_LINE * unit)))
    return area | (closed & ellipse(box, 0.8, area.shape))


def _neck(area: BoolMask, core: BoolMask, unit: int) -> BoolMask:
    """What hangs on the area from below by less than its width."""
    depth = depths(area)
    largest = float(depth[core].max(initial=0))
    ball = int(max(_BALL * largest, min(_LEAST_BALL * unit, 0.9 * largest))) + 0.5
    body = _touching(_within(depth > ball, ball), core)
    nothing = np.zeros_like(area)
    if not body.any():
        return nothing
    rows, columns = np.nonzero(body)
    middle_x, middle_y = columns.mean(), rows.mean()
    width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
    reached = _grown(body, area, max(1, round(_REACH * unit)))
    count, labels, stats, centres = cv2.connectedComponentsWithStats(
        (area & ~reached).astype(np.uint8), connectivity=4
    )
    seam = morphed(reached, cv2.MORPH_DILATE, 1)
    least = _SPECK * np.count_nonzero(area)
    for part in range(1, count):
        x, y = centres[part]
        low = y - middle_y > max(_BELOW * abs(x - middle_x), 0.25 * height)
        if low and stats[part, cv2.CC_STAT_AREA] > least:
            pixels = labels == part
            joint = np.nonzero(pixels & seam)[1]
            if joint.size and np.ptp(joint) + 1 < _WIDE * width:
                nothing |= pixels
    return nothing


def _strip(face: BoolMask, skin: BoolMask, neck: BoolMask, core: BoolMask, unit: int) -> BoolMask:
    """What is left of the neck between the chin line and where the ball was stopped."""
    count, labels, areas = parts(fill_holes(face) & ~skin)
    near_points = morphed(core, cv2.MORPH_DILATE, round(_FEATURES * unit))
    features = np.bincount(labels[near_points], minlength=count) > 0.5 * areas
    features[0] = True
    chin_line = ~features[labels]
    rest = _neck(face & ~chin_line, core, unit)
    count, labels, areas = parts(rest)
    beside = morphed(neck, cv2.MORPH_DILATE, max(2, round(2 * _REACH * unit)))
    drop = np.bincount(labels[beside], minlength=count) > 0
    drop &= areas < _STRIP * np.count_nonzero(face)
    drop[0] = False
    return drop[labels]


def _touching(mask: BoolMask, core: BoolMask) -> BoolMask:
    """The parts of the mask that hold some of the core."""
    count, labels, _ = parts(mask)
    held = np.bincount(labels[core], minlength=count) > 0.02 * np.count_nonzero(core)
    held[0] = False
    return held[labels]


def _grown(seed: BoolMask, within: BoolMask, steps: int) -> BoolMask:
    """The seed grown by so many pixels, never across what lies outside `within`."""
    kernels = np.ones((3, 3), np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    grown = seed
    for step in range(steps):  # square and cross in turn make an octagon
        grown = (cv2.dilate(grown.astype(np.uint8), kernels[step % 2]) > 0) & within
    return grown


def _within(mask: BoolMask, distance: float) -> BoolMask:
    """All pixels no farther than this from the mask: a dilation, of one cost for all discs."""
    away = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(away <= distance)
