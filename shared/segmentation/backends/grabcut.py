"""The embedded segmenter, steered by points and a box like SAM2, without any model weights.

Flat art is read as areas of one colour (`shared/flat_art/face_region.py`). Where there is no one
colour, as on photos and paintings, GrabCut (Rother et al., SIGGRAPH 2004) parts what is around the
points from the rest.
Both work at a moderate size; the edge is then brought to where the image itself has it.
"""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from shared.flat_art.face_region import flat_area
from shared.flat_art.skin import FLAT_ENOUGH, LabelledPoint
from shared.imaging.geometry import BoolMask, Image, bounding_box, image_box, mask_iou, shrunk
from shared.imaging.matting import refine_mask
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt
from shared.segmentation.masks import Candidate

_WORKING_SIDE = 256
"""Longer side of the box, in pixels, at which areas and colours are told apart."""

_ITERATIONS = 4
_SURROUNDINGS = 0.3
"""Margin around the box, as a share of its longer side, from which the background is learnt."""

_DOT = 0.02
"""Radius of a point's sure pixels, as a share of the box's longer side."""

_CORES = (0.75, 1.0)
"""GrabCut's candidates differ in how much of the box starts as probable foreground: an ellipse of
the box's size times these. The box of a prompt is about 1.3 times the face."""

_LEAST_AREA = 0.05
"""A mask of a smaller share of the box is little more than the points' own dots."""

_WITHOUT_BOX = 0.5
"""How far beyond the positive points a target reaches where no box says so, as a share of their
extent."""

_NO_RECTANGLE = (0, 0, 1, 1)
"""GrabCut ignores it where a mask gives the seeds."""


def candidates(crop: Image, prompt: Prompt) -> list[Candidate]:
    """Masks of the prompt's crop from its points and box; the polygon is not looked at."""
    left, top = prompt.crop.x0, prompt.crop.y0
    points = [(x - left, y - top, label) for x, y, label in prompt.points]
    return segment(crop, points, prompt.box.shifted(-left, -top), multimask=True)


def segment(
    image: Image, points: Sequence[LabelledPoint], box: Box | None, *, multimask: bool
) -> list[Candidate]:
    """Masks of what the points and the box, in pixels of the RGB `image`, mean.

    With `multimask` several candidates where there is doubt, else one. No box: the positive points'
    surroundings. Without any positive point and box the answer is one empty mask. Points outside
    the image are left out. `predicted_iou` is, in flat art, how much of the target's core has one
    colour; elsewhere the candidates' IoU with one another: an outline that does not hang on where
    GrabCut starts is probably right.
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
    marks = [(x * x_scale, y * y_scale, label) for x, y, label in points]
    place = Box(
        int(target.x0 * x_scale),
        int(target.y0 * y_scale),
        min(size[0], round(target.x1 * x_scale) + 1),
        min(size[1], round(target.y1 * y_scale) + 1),
    )
    flat = flat_area(small, marks, place)
    if flat.flatness >= FLAT_ENOUGH and flat.pixels.any():
        found = [(flat.pixels, flat.flatness)]
    else:
        first, second = (_cut(small, marks, place, core) for core in _CORES)
        found_any = np.count_nonzero(first) > _LEAST_AREA * place.area
        stability = mask_iou(first, second) if found_any else 0.0
        found = [(first, stability), (second, stability)]
    reach = max(2, round(1 / scale))
    return [
        Candidate(refine_mask(image, _enlarged(pixels, bounds), reach), score)
        for pixels, score in (found if multimask else found[:1])
    ]


def _cut(image: Image, points: Sequence[LabelledPoint], target: Box, core: float) -> BoolMask:
    """One run of GrabCut around the target."""
    margin = max(target.width, target.height) * _SURROUNDINGS
    window = target.widened(margin, margin).intersection(image_box(image))
    trimap = _trimap(points, target, core, window)
    cut = _is_foreground(trimap)
    if cut.any() and not cut.all():  # GrabCut needs samples of both
        # GrabCut seeds its k-means from OpenCV's global generator.
        cv2.setRNGSeed(0)
        cv2.grabCut(
            np.ascontiguousarray(image[window.slices]),
            trimap,
            _NO_RECTANGLE,
            np.zeros((1, 65)),
            np.zeros((1, 65)),
            _ITERATIONS,
            cv2.GC_INIT_WITH_MASK,
        )
        cut = _is_foreground(trimap)
    full_size = np.zeros(image.shape[:2], bool)
    full_size[window.slices] = cut
    return full_size


def _trimap(
    points: Sequence[LabelledPoint], target: Box, core: float, window: Box
) -> npt.NDArray[np.uint8]:
    """GrabCut's seeds: sure background outside the box, an ellipse of probable foreground."""
    inside = target.shifted(-window.x0, -window.y0)
    trimap = np.full((window.height, window.width), cv2.GC_BGD, np.uint8)
    trimap[inside.slices] = cv2.GC_PR_BGD
    centre = ((inside.x0 + inside.x1) // 2, (inside.y0 + inside.y1) // 2)
    axes = (round(inside.width / 2 * core), round(inside.height / 2 * core))
    cv2.ellipse(trimap, centre, axes, 0, 0, 360, (cv2.GC_PR_FGD,), cv2.FILLED)
    radius = max(1, round(_DOT * max(inside.width, inside.height)))
    for x, y, label in points:
        sure = cv2.GC_FGD if label else cv2.GC_BGD
        place = round(x) - window.x0, round(y) - window.y0
        cv2.circle(trimap, place, radius, (sure,), cv2.FILLED)
    return trimap


def _is_foreground(trimap: npt.NDArray[np.uint8]) -> BoolMask:
    """GrabCut's sure and probable foreground, bool (h, w)."""
    return (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)


def _enlarged(small: BoolMask, image: Box) -> BoolMask:
    """The working-size mask at the image's size, its edge interpolated."""
    if small.shape == (image.height, image.width):
        return small
    size = image.width, image.height
    smooth = cv2.resize(small.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(smooth > 0.5)


def _box_around(points: Sequence[LabelledPoint]) -> Box:
    """What a box would be where only points are given: the positives are well inside the target."""
    positive = np.array([(x, y) for x, y, label in points if label], np.float32).reshape(-1, 2)
    if not len(positive):
        return Box(0, 0, 0, 0)
    bounds = bounding_box(positive)
    margin = _WITHOUT_BOX * max(bounds.width, bounds.height)
    return bounds.widened(margin, margin)
