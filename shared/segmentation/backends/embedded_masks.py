"""The masks of the embedded segmenter.

Three ways to a mask, on a scaled-down image. In flat art, a face is an area of one colour
(`shared/flat_art/face_region.py`). The face-parsing network sees the skin and the other parts of a
face, less exactly, but also where colours are shaded (`shared/networks/face_parts.py`). What is no
face that the network knows, such as a hand, is cut out by GrabCut. The mask's edge is then refined
on the full-size image.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from shared.flat_art.face_region import flat_area
from shared.flat_art.skin import FLAT_ENOUGH, LabelledPoint
from shared.imaging.geometry import (
    BoolMask,
    Image,
    Polygon,
    bounding_box,
    contains,
    fill_holes,
    image_box,
    mask_iou,
    polygon_mask,
    polygon_of,
)
from shared.imaging.morphology import morphed
from shared.imaging.pyramid import Pyramid
from shared.networks.face_parsing import FaceParsingNetwork
from shared.networks.face_parts import face_parts
from shared.runtime.resource_pool import ResourcePool
from shared.schemas.box import Box
from shared.schemas.prompt import SKIN_ONLY, Prompt
from shared.segmentation.backends import grabcut
from shared.segmentation.backends.working_image import WorkingImage
from shared.segmentation.mask_selection import Candidate

_WITHOUT_BOX = 0.5
"""Margin around the positive points if there is no box, as a share of their longer extent. Chosen
by hand: a small margin cuts off the target, a large one includes its surroundings."""

_AGREEING = 0.9
"""IoU with the network's mask from which an area of one colour is the face: it is then the more
exact of the two. Below it, the area has leaked through a gap or misses what is shaded. Chosen by
hand: a lower value accepts leaks, a higher one loses the exact edge."""

_RELATED, _EDGE = 0.6, 0.03
"""Least IoU at which the two have the same edge in places: within `_EDGE` of the network's, as a
share of the root of its mask's area, the area of one colour decides. Chosen by hand: a wider band
accepts leaks, a narrower one loses exact edges."""

_BOX_MARGIN = 1.3
"""About the size of a prompt's box relative to the face in it."""

_MIN_HITS = 0.75
"""Least share of the positive points in the network's mask: with fewer it shows something else.
Chosen by hand."""


class EmbeddedMasks:
    """Finds masks. Safe to share between threads."""

    def __init__(self) -> None:
        self._networks = ResourcePool(FaceParsingNetwork)

    def candidates(self, crop: Image, prompt: Prompt) -> list[Candidate]:
        """Returns masks of the prompt's crop, from its points, its box and its outline."""
        left, top = prompt.crop.x0, prompt.crop.y0
        points = [(x - left, y - top, label) for x, y, label in prompt.points]
        working = _working_image(crop, points, prompt.box.shifted(-left, -top))
        if working is None:
            return [_empty(crop)]
        outline = polygon_of(prompt.polygon) - np.array([left, top], np.float32)
        seen = working.filled(outline) if prompt.parts else None
        return [working.finished(candidate) for candidate in _candidates(working, seen)]

    def segment(
        self, image: Image, points: Sequence[LabelledPoint], box: Box | None, *, multimask: bool
    ) -> list[Candidate]:
        """Returns masks of the target that the points and the box describe, as SAM2 does.

        `image` is RGB uint8 (h, w, 3); points and box are in its pixels. With `multimask`, an
        ambiguous target gives several candidates, else one. Without a box, the surroundings of the
        positive points are used; without a box and positive points, the result is one empty mask.
        Points outside the image are ignored.
        """
        working = _working_image(image, points, box)
        if working is None:
            return [_empty(image)]
        found = _candidates(working, self._skin(working))
        return [working.finished(candidate) for candidate in (found if multimask else found[:1])]

    def _skin(self, working: WorkingImage) -> BoolMask | None:
        """The skin of the points' face; None where the network does not see that face."""
        with self._networks.borrowed() as network:
            pyramid = Pyramid.of(working.pixels)
            parts = face_parts(pyramid, _ellipse_in(working.target), 0.0, network)
        if parts is None:
            return None
        outline = parts.outline(SKIN_ONLY)
        hits = [contains(outline, x, y) for x, y, label in working.points if label]
        if hits and np.mean(hits) < _MIN_HITS:
            return None
        return polygon_mask(outline, image_box(working.pixels))


def _candidates(working: WorkingImage, seen: BoolMask | None) -> list[Candidate]:
    """Masks at working size. `seen` is the face's mask as the network sees it, if it does.

    `predicted_iou` is the IoU of two masks that were found in different ways.
    """
    image, points, target = working.pixels, working.points, working.target
    flat = flat_area(image, points, target)
    is_flat = flat.flatness >= FLAT_ENOUGH and flat.pixels.any()
    if seen is None:
        if is_flat:
            return [Candidate(flat.pixels, flat.flatness)]
        first, second, stability = grabcut.cut(image, points, target)
        return [Candidate(first, stability), Candidate(second, stability)]
    agreement = mask_iou(flat.pixels, seen) if is_flat else 0.0
    if agreement >= _AGREEING:
        return [Candidate(flat.pixels, agreement)]
    if agreement >= _RELATED:
        return [Candidate(_with_edges_of(flat.pixels, seen), agreement)]
    return [Candidate(seen)]


def _with_edges_of(flat: BoolMask, seen: BoolMask) -> BoolMask:
    """The network's mask; its border is that of the flat area where the two are near."""
    reach = max(1, round(_EDGE * np.sqrt(np.count_nonzero(seen))))
    # what is outside the image is background to `morphed`: a face at its border must not shrink
    framed = np.pad(seen, reach, mode="edge")
    inner = morphed(framed, cv2.MORPH_ERODE, reach)[reach:-reach, reach:-reach]
    outer = morphed(seen, cv2.MORPH_DILATE, reach)
    return fill_holes(inner | (flat & outer))


def _working_image(
    image: Image, points: Sequence[LabelledPoint], box: Box | None
) -> WorkingImage | None:
    """Scales the image down, without the points outside it. None without a target in it."""
    bounds = image_box(image)
    inside = [point for point in points if bounds.holds(point[0], point[1])]
    target = (box or _box_around(inside)).intersection(bounds)
    if target.width < 2 or target.height < 2:
        return None
    return WorkingImage.of(image, inside, target)


def _empty(image: Image) -> Candidate:
    return Candidate(np.zeros(image.shape[:2], bool), 0.0)


def _ellipse_in(box: Box) -> Polygon:
    """An ellipse of about the size of the face in a prompt's box."""
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    axes = box.width / 2 / _BOX_MARGIN, box.height / 2 / _BOX_MARGIN
    rim = np.column_stack([np.cos(angles), np.sin(angles)])
    return (rim * axes + middle).astype(np.float32)


def _box_around(points: Sequence[LabelledPoint]) -> Box:
    """Estimates the box from the points. Positive points lie well inside the target."""
    positive = np.array([(x, y) for x, y, label in points if label], np.float32).reshape(-1, 2)
    if not len(positive):
        return Box(0, 0, 0, 0)
    bounds = bounding_box(positive)
    margin = _WITHOUT_BOX * max(bounds.width, bounds.height)
    return bounds.widened(margin, margin)
