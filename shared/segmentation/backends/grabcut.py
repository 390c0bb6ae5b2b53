"""GrabCut with a prompt's points and box as seeds (Rother et al., SIGGRAPH 2004)."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from shared.flat_art.skin import LabelledPoint
from shared.imaging.geometry import BoolMask, Image, image_box, mask_iou
from shared.schemas.box import Box

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


_NO_RECTANGLE = (0, 0, 1, 1)
"""Unused by GrabCut when a mask provides the seeds."""


def cut(
    image: Image, points: Sequence[LabelledPoint], target: Box
) -> tuple[BoolMask, BoolMask, float]:
    """Two masks of the target, bool (h, w), and their IoU.

    `image` is RGB uint8 (h, w, 3); points and box are in its pixels. The masks have different
    seeds: one that does not depend on them is probably correct. The IoU of masks with little more
    than the pixels around the points is 0.
    """
    first, second = (_cut(image, points, target, core) for core in _CORES)
    is_any = np.count_nonzero(first) > _LEAST_AREA * target.area
    return first, second, mask_iou(first, second) if is_any else 0.0


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
