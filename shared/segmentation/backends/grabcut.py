"""The embedded segmenter. It takes points and a box like SAM2, but needs no model weights.

Flat art is segmented by areas of one colour (`shared/flat_art/face_region.py`). Other images, such
as photos and paintings, are segmented by GrabCut (Rother et al., SIGGRAPH 2004). Both work on a
scaled-down image; the mask's edge is then refined on the full-size image.
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
from shared.segmentation.mask_selection import Candidate

_WORKING_SIDE = 256
"""Limit for the box's longer side, in pixels, during segmentation. Chosen by hand: a larger size
keeps more detail, but takes longer."""

_ITERATIONS = 4
"""GrabCut iterations. Chosen by hand: more take longer."""

_SURROUNDINGS = 0.3
"""Margin around the box, as a share of its longer side, that GrabCut's background model uses.
Chosen by hand: a small margin gives few background samples, a large one adds colours of other
objects."""

_DOT = 0.02
"""Radius around a point that counts as certain, as a share of the box's longer side. Chosen by
hand: a larger radius may cross the target's border."""

_CORES = (0.75, 1.0)
"""Sizes of the ellipse of probable foreground, relative to the box; each gives one candidate.
Chosen by hand: the box of a prompt is about 1.3 times the face."""

_LEAST_AREA = 0.05
"""Smallest plausible mask, as a share of the box's area. A smaller one has little more than the
pixels around the points. Chosen by hand."""

_WITHOUT_BOX = 0.5
"""Margin around the positive points if there is no box, as a share of their longer extent. Chosen
by hand: a small margin cuts off the target, a large one includes its surroundings."""

_NO_RECTANGLE = (0, 0, 1, 1)
"""Unused by GrabCut when a mask provides the seeds."""


def candidates(crop: Image, prompt: Prompt) -> list[Candidate]:
    """Returns masks of the prompt's crop, from its points and box. The polygon is not used."""
    left, top = prompt.crop.x0, prompt.crop.y0
    points = [(x - left, y - top, label) for x, y, label in prompt.points]
    return segment(crop, points, prompt.box.shifted(-left, -top), multimask=True)


def segment(
    image: Image, points: Sequence[LabelledPoint], box: Box | None, *, multimask: bool
) -> list[Candidate]:
    """Returns masks of the target that the points and the box describe.

    `image` is RGB uint8 (h, w, 3); points and box are in its pixels. With `multimask`, an ambiguous
    target gives several candidates, else one. Without a box, the surroundings of the positive
    points are used; without a box and positive points, the result is one empty mask. Points outside
    the image are ignored. In flat art, `predicted_iou` is the share of the target's core that has
    one colour. Elsewhere it is the IoU of the two candidates: a mask that does not depend on
    GrabCut's seeds is probably correct.
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
    flat = flat_area(small, scaled_points, place)
    if flat.flatness >= FLAT_ENOUGH and flat.pixels.any():
        found = [(flat.pixels, flat.flatness)]
    else:
        first, second = (_cut(small, scaled_points, place, core) for core in _CORES)
        found_any = np.count_nonzero(first) > _LEAST_AREA * place.area
        stability = mask_iou(first, second) if found_any else 0.0
        found = [(first, stability), (second, stability)]
    reach = max(2, round(1 / scale))
    return [
        Candidate(refine_mask(image, _enlarged(pixels, bounds), reach), score)
        for pixels, score in (found if multimask else found[:1])
    ]


def _cut(image: Image, points: Sequence[LabelledPoint], target: Box, core: float) -> BoolMask:
    """Runs GrabCut around the target once; bool (h, w) of the image's size."""
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
    """Returns GrabCut's seeds, uint8 (window.height, window.width).

    Certain background outside the box, an ellipse of probable foreground, certain pixels at points.
    """
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
    """Returns GrabCut's certain and probable foreground, bool (h, w)."""
    return (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)


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
