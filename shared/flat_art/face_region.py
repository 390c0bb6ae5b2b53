"""Segments a face in flat art: a region of skin that ends at a line or at another colour.

GrabCut's colour models separate skin from hair, but not a face from its neck, and they include or
exclude features by colour. This module uses the drawing's shapes: the region of skin at the
prompt's points, with all that it encloses, without the neck.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shared.flat_art.skin import Lab, LabelledPoint, find_skin, squared_differences, to_lab
from shared.imaging.geometry import BoolMask, Image, depths, fill_holes
from shared.imaging.morphology import ellipse, morphed, parts
from shared.schemas.box import Box

_LINE = 0.008
"""Radius of the closing that bridges thin lines inside the face, as a share of the box's shorter
side, as are all lengths below. A greater radius also bridges the outline. Chosen by hand."""

_ENCLOSED = 0.9
"""A patch of another colour is a feature if a greater share of it lies in the skin's convex hull.
This holds for eyes, teeth and glasses, but not for a fringe, which is part of the hair outside.
Lower values include hair, higher ones lose features at the edge. Chosen by hand."""

_MIN_FEATURE = 0.01
"""Radius of the opening that removes pieces of lines at the edge, which are no features. A greater
radius also removes thin features. Chosen by hand."""

_COLOURS = 10
"""Number of colours of the k-means quantisation that defines patches. Fewer merge different
features, more split features by shading and cost time. Chosen by hand."""

_BALL, _MIN_BALL = 0.65, 0.28
"""Radius of the disc of the opening that separates the face from its neck: as a share of the
largest disc inside the face, and its minimum. A larger disc cuts off pointed chins, a smaller one
passes through wide necks. Chosen by hand."""

_REACH = 0.02
"""Distance by which the opened face is grown, to restore its corners and its edge. A greater
distance grows into the neck. Chosen by hand."""

_BELOW = 0.6
"""A part is below the face if it is lower than the face's centre by more than this share of its
horizontal distance. Lower values cut off ears and cheeks, higher ones keep necks of tilted heads.
Chosen by hand."""

_MAX_NECK_WIDTH = 0.8
"""A part whose joint with the face is wider than this share of the face's width is a jaw, not a
neck. Lower values keep wide necks, higher ones cut off jaws. Chosen by hand."""

_MIN_NECK, _MAX_STRIP = 0.004, 0.12
"""Minimum area of a neck, and maximum area of the strip of neck that a chin line separates from the
face, as shares of the face's area. A lower minimum cuts off small bulges, a higher maximum cuts off
parts of the face. Chosen by hand."""

_FEATURES = 0.03
"""Lines within this distance of the prompt's points are features, not the chin. Lower values take a
mouth for the chin, higher ones the chin for a feature. Chosen by hand."""


@dataclass(frozen=True, slots=True, eq=False)
class FlatArea:
    """A face's mask, bool (h, w), and `Skin.flatness`, 0..1.

    `patches`, int32 (h, w), are the labels of the connected parts of each of the image's main
    colours; without an area, they are 0.
    """

    pixels: BoolMask
    flatness: float
    patches: npt.NDArray[np.int32]


def flat_area(image: Image, points: Sequence[LabelledPoint], box: Box) -> FlatArea:
    """Segments the face at the points, in an RGB uint8 (h, w, 3) image; all are in its pixels.

    Cost grows with the number of pixels: scale boxes to about 256 pixels.
    """
    lab = to_lab(image)
    skin = find_skin(lab, points, box)
    if not skin.area.any():
        return FlatArea(skin.area, skin.flatness, np.zeros(skin.area.shape, np.int32))
    unit = min(box.width, box.height)
    patches = _patches(lab)
    enclosed = _with_enclosed(skin.area, skin.coloured, patches, unit)
    filled = fill_holes(_bridged(enclosed, box, unit))
    neck = _neck(filled, skin.core, unit)
    if neck.any():
        filled &= ~neck
        filled &= ~_strip(filled, skin.area, neck, skin.core, unit)
    # Patches that were enclosed together with the neck may not be enclosed without it.
    face = _touching(filled, skin.core) & skin.area
    features = _with_enclosed(face, skin.coloured, patches, unit)
    return FlatArea(fill_holes(_bridged(features, box, unit)), skin.flatness, patches)


def _patches(lab: Lab) -> npt.NDArray[np.int32]:
    """Labels, int32 (h, w), of the connected parts of each of the image's main colours."""
    colours = lab.reshape(-1, 3)
    sample = colours[np.random.default_rng(0).integers(0, len(colours), 4000)]
    cv2.setRNGSeed(0)
    count = min(_COLOURS, len(np.unique(sample, axis=0)))
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    # OpenCV's stubs lack that the initial labels are optional.
    _, _, centres = cv2.kmeans(sample, count, None, criteria, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    nearest, smallest = (
        np.zeros(lab.shape[:2], np.uint8),
        np.full(lab.shape[:2], np.inf, np.float32),
    )
    for colour, centre in enumerate(centres):
        differences = squared_differences(lab, centre)
        nearest[differences < smallest] = colour
        np.minimum(smallest, differences, out=smallest)
    patches = np.zeros(nearest.shape, np.int32)
    used = 0
    for colour in range(count):
        components, labels = cv2.connectedComponents(
            (nearest == colour).astype(np.uint8), connectivity=4
        )
        patches += np.where(labels > 0, labels + used, 0).astype(np.int32)
        used += components - 1
    return patches


def _with_enclosed(
    area: BoolMask, skin: BoolMask, patches: npt.NDArray[np.int32], unit: int
) -> BoolMask:
    """The area together with the patches of other colours that its convex hull encloses."""
    if not area.any():
        return area
    rows, columns = np.nonzero(area)
    hull = np.zeros(area.shape, np.uint8)
    outline = cv2.convexHull(np.column_stack([columns, rows]).astype(np.int32))
    cv2.fillConvexPoly(hull, outline, (1,))
    count = int(patches.max()) + 1
    inside = np.bincount(patches[hull > 0], minlength=count)
    enclosed = inside > _ENCLOSED * np.bincount(patches.ravel(), minlength=count)
    extended = area | (enclosed[patches] & ~skin)
    thick = morphed(fill_holes(extended), cv2.MORPH_OPEN, max(1, round(_MIN_FEATURE * unit)))
    return area | (extended & thick)


def _bridged(area: BoolMask, box: Box, unit: int) -> BoolMask:
    """The area with thin lines closed, in the central ellipse of the box."""
    closed = morphed(area, cv2.MORPH_CLOSE, max(1, round(_LINE * unit)))
    return area | (closed & ellipse(box, 0.8, area.shape))


def _neck(area: BoolMask, core: BoolMask, unit: int) -> BoolMask:
    """Parts of the area below the face that are joined to it by less than its width."""
    depth = depths(area)
    largest = float(depth[core].max(initial=0))
    ball = int(max(_BALL * largest, min(_MIN_BALL * unit, 0.9 * largest))) + 0.5
    body = _touching(_within(depth > ball, ball), core)
    neck = np.zeros_like(area)
    if not body.any():
        return neck
    rows, columns = np.nonzero(body)
    middle_x, middle_y = columns.mean(), rows.mean()
    width, height = np.ptp(columns) + 1, np.ptp(rows) + 1
    reached = _grown(body, area, max(1, round(_REACH * unit)))
    count, labels, stats, centres = cv2.connectedComponentsWithStats(
        (area & ~reached).astype(np.uint8), connectivity=4
    )
    seam = morphed(reached, cv2.MORPH_DILATE, 1)
    min_area = _MIN_NECK * np.count_nonzero(area)
    for part in range(1, count):
        x, y = centres[part]
        is_below = y - middle_y > max(_BELOW * abs(x - middle_x), 0.25 * height)
        if is_below and stats[part, cv2.CC_STAT_AREA] > min_area:
            pixels = labels == part
            joint = np.nonzero(pixels & seam)[1]
            if joint.size and np.ptp(joint) + 1 < _MAX_NECK_WIDTH * width:
                neck |= pixels
    return neck


def _strip(face: BoolMask, skin: BoolMask, neck: BoolMask, core: BoolMask, unit: int) -> BoolMask:
    """The rest of the neck, between the chin line and the end of the opened face."""
    count, labels, areas = parts(fill_holes(face) & ~skin)
    near_points = morphed(core, cv2.MORPH_DILATE, round(_FEATURES * unit))
    features = np.bincount(labels[near_points], minlength=count) > 0.5 * areas
    features[0] = True
    chin_line = ~features[labels]
    rest = _neck(face & ~chin_line, core, unit)
    count, labels, areas = parts(rest)
    beside = morphed(neck, cv2.MORPH_DILATE, max(2, round(2 * _REACH * unit)))
    drop = np.bincount(labels[beside], minlength=count) > 0
    drop &= areas < _MAX_STRIP * np.count_nonzero(face)
    drop[0] = False
    return drop[labels]


def _touching(mask: BoolMask, core: BoolMask) -> BoolMask:
    """The connected parts of the mask that contain more than 2% of the core."""
    count, labels, _ = parts(mask)
    holds_core = np.bincount(labels[core], minlength=count) > 0.02 * np.count_nonzero(core)
    holds_core[0] = False
    return holds_core[labels]


def _grown(seed: BoolMask, within: BoolMask, steps: int) -> BoolMask:
    """Geodesic dilation: the seed grown by `steps` pixels inside `within`."""
    kernels = np.ones((3, 3), np.uint8), cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    grown = seed
    for step in range(steps):  # alternating square and cross approximate a disc by an octagon
        grown = (cv2.dilate(grown.astype(np.uint8), kernels[step % 2]) > 0) & within
    return grown


def _within(mask: BoolMask, distance: float) -> BoolMask:
    """Dilation by a disc of radius `distance`; the cost does not depend on the radius."""
    distances = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distances <= distance)
