"""The masks of the embedded segmenter. Like SAM2 it takes points and a box.

Three ways to a mask, on a scaled-down image. In flat art, a face is an area of one colour
(`shared/flat_art/face_region.py`). The drawn-face network sees the visible skin of a face, less
exactly, but also where colours are shaded (`shared/networks/skin.py`). What is no face that the
network knows, such as a hand, is cut out by GrabCut. The mask's edge is then refined on the
full-size image.
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
    image_box,
    mask_iou,
    polygon_mask,
    shrunk,
)
from shared.imaging.matting import refine_mask
from shared.imaging.pyramid import Pyramid
from shared.networks.drawn_face import DrawnFaceNetwork
from shared.networks.skin import SkinOutline, skin_outline
from shared.runtime.resource_pool import ResourcePool
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt
from shared.segmentation.backends import grabcut
from shared.segmentation.mask_selection import Candidate

_WORKING_SIDE = 256
"""Limit for the box's longer side, in pixels, during segmentation. Chosen by hand: a larger size
keeps more detail, but takes longer."""

_WITHOUT_BOX = 0.5
"""Margin around the positive points if there is no box, as a share of their longer extent. Chosen
by hand: a small margin cuts off the target, a large one includes its surroundings."""

_AGREEING = 0.9
"""IoU with the network's mask from which an area of one colour is the face: it is then the more
exact of the two. Below it, the area has leaked through a gap or misses what is shaded. Chosen by
hand: a lower value accepts leaks, a higher one loses the exact edge."""

_BOX_MARGIN = 1.3
"""About the size of a prompt's box relative to the face in it."""

_MIN_HITS = 0.75
"""Least share of the positive points in the network's mask: with fewer it shows something else.
Chosen by hand."""


class EmbeddedMasks:
    """Finds masks. Safe to share between threads."""

    def __init__(self) -> None:
        self._networks = ResourcePool(DrawnFaceNetwork)

    def candidates(self, crop: Image, prompt: Prompt) -> list[Candidate]:
        """Returns masks of the prompt's crop, from its points and box."""
        left, top = prompt.crop.x0, prompt.crop.y0
        points = [(x - left, y - top, label) for x, y, label in prompt.points]
        return self.segment(crop, points, prompt.box.shifted(-left, -top), multimask=True)

    def segment(
        self, image: Image, points: Sequence[LabelledPoint], box: Box | None, *, multimask: bool
    ) -> list[Candidate]:
        """Returns masks of the target that the points and the box describe.

        `image` is RGB uint8 (h, w, 3); points and box are in its pixels. With `multimask`, an
        ambiguous target gives several candidates, else one. Without a box, the surroundings of the
        positive points are used; without a box and positive points, the result is one empty mask.
        Points outside the image are ignored. `predicted_iou` is the IoU of two masks that were
        found in different ways, or with a stricter and a looser threshold.
        """
        bounds = image_box(image)
        points = [point for point in points if bounds.holds(point[0], point[1])]
        target = (box or _box_around(points)).intersection(bounds)
        if target.width < 2 or target.height < 2:
            return [Candidate(np.zeros(image.shape[:2], bool), 0.0)]
        scale = min(1.0, _WORKING_SIDE / max(target.width, target.height))
        small = shrunk(image, max(bounds.width, bounds.height) * scale)
        size = small.shape[1], small.shape[0]
        x_scale, y_scale = size[0] / bounds.width, size[1] / bounds.height
        scaled_points = [(x * x_scale, y * y_scale, label) for x, y, label in points]
        place = Box(
            int(target.x0 * x_scale),
            int(target.y0 * y_scale),
            min(size[0], round(target.x1 * x_scale) + 1),
            min(size[1], round(target.y1 * y_scale) + 1),
        )
        found = self._found(small, scaled_points, place)
        reach = max(2, round(1 / scale))
        return [
            Candidate(refine_mask(image, _enlarged(mask.pixels, bounds), reach), mask.predicted_iou)
            for mask in (found if multimask else found[:1])
        ]

    def _found(self, image: Image, points: Sequence[LabelledPoint], target: Box) -> list[Candidate]:
        """The masks at working size."""
        skin = self._skin(image, points, target)
        flat = flat_area(image, points, target)
        is_flat = flat.flatness >= FLAT_ENOUGH and flat.pixels.any()
        if skin is None:
            if is_flat:
                return [Candidate(flat.pixels, flat.flatness)]
            first, second, stability = grabcut.cut(image, points, target)
            return [Candidate(first, stability), Candidate(second, stability)]
        seen = polygon_mask(skin.polygon, image_box(image))
        if is_flat and (agreement := mask_iou(flat.pixels, seen)) >= _AGREEING:
            return [Candidate(flat.pixels, agreement)]
        return [Candidate(seen, skin.stability)]

    def _skin(
        self, image: Image, points: Sequence[LabelledPoint], target: Box
    ) -> SkinOutline | None:
        """The outline of the face's skin; None where the network does not see the points' face."""
        with self._networks.borrowed() as network:
            skin = skin_outline(Pyramid.of(image), _ellipse_in(target), 0.0, network)
        if skin is None:
            return None
        hits = [contains(skin.polygon, x, y) for x, y, label in points if label]
        return skin if not hits or np.mean(hits) >= _MIN_HITS else None


def _ellipse_in(box: Box) -> Polygon:
    """An ellipse of about the size of the face in a prompt's box."""
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    axes = box.width / 2 / _BOX_MARGIN, box.height / 2 / _BOX_MARGIN
    rim = np.column_stack([np.cos(angles), np.sin(angles)])
    return (rim * axes + middle).astype(np.float32)


def _enlarged(small: BoolMask, image: Box) -> BoolMask:
    """Scales the mask to the image's size with an interpolated edge."""
    if small.shape == (image.height, image.width):
        return small
    size = image.width, image.height
    smooth = cv2.resize(small.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(smooth > 0.5)


def _box_around(points: Sequence[LabelledPoint]) -> Box:
    """Estimates the box from the points. Positive points lie well inside the target."""
    positive = np.array([(x, y) for x, y, label in points if label], np.float32).reshape(-1, 2)
    if not len(positive):
        return Box(0, 0, 0, 0)
    bounds = bounding_box(positive)
    margin = _WITHOUT_BOX * max(bounds.width, bounds.height)
    return bounds.widened(margin, margin)
