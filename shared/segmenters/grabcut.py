"""The embedded segmenter: GrabCut (Rother et al., SIGGRAPH 2004) steered by points and a box.

Needs no model weights and no polygon, so it stands behind the same contract as SAM2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from shared import masks
from shared.geometry import BoolMask, Box, Image, mask_iou, shrunk
from shared.masks import Candidate
from shared.prompts import Prompt

_WORKING_SIDE = 256
"""GrabCut's cost grows with pixels and its colour model does not need them."""

_ITERATIONS = 4
_SURROUNDINGS = 0.3
"""Margin around the box, as a share of its longer side, from which the background is learnt."""

_DOT = 0.02
"""Radius of a point's sure pixels, as a share of the box's longer side."""

_CORES = (0.75, 1.0)
"""Candidates differ in how much of the box starts as probable foreground: an ellipse of the box's
size times these. The box of a prompt is about 1.3 times the face."""

_WITHOUT_BOX = 0.5
"""How far beyond the positive points a target reaches where no box says so, as a share of their
extent."""

_NO_RECTANGLE = (0, 0, 1, 1)
"""GrabCut ignores it where a mask gives the seeds."""

LabelledPoint = tuple[float, float, int]


class GrabCutSegmenter:
    """Segments the prompt's crop in this process."""

    name: Literal["grabcut"] = "grabcut"

    def segment(self, crop: Image, prompt: Prompt) -> list[Candidate]:
        """Candidates from the prompt's points and box; the polygon is not looked at."""
        left, top = prompt.crop.x0, prompt.crop.y0
        points = [(x - left, y - top, label) for x, y, label in prompt.points]
        return segment(crop, points, prompt.box.shifted(-left, -top), multimask=True)


def segment(
    image: Image, points: Sequence[LabelledPoint], box: Box | None, *, multimask: bool
) -> list[Candidate]:
    """Masks of what the points and the box, in pixels of the RGB `image`, mean.

    With `multimask` several candidates, else one. No box: the positive points' surroundings.
    Without any positive point and box the answer is one empty mask. Points outside the image
    are left out. `predicted_iou` is the candidates' IoU with one another: an outline that does not
    hang on where GrabCut starts is probably right.
    """
    whole = Box.of_image(image)
    points = [point for point in points if whole.holds(point[0], point[1])]
    target = (box or _box_around(points)).intersection(whole)
    if target.width < 2 or target.height < 2:
        return [Candidate(np.zeros(image.shape[:2], bool), 0.0)]
    scene = _Scene.around(target, image)
    first, second = (scene.mask(points, target, core) for core in _CORES)
    stability = mask_iou(first, second)
    return [Candidate(mask, stability) for mask in ((first, second) if multimask else (first,))]


@dataclass(frozen=True, slots=True, eq=False)
class _Scene:
    """The target's surroundings at working size; `scale` is working per image pixels, (x, y)."""

    image: Image
    window: Box
    scale: tuple[float, float]
    pixels: Image

    @classmethod
    def around(cls, target: Box, image: Image) -> "_Scene":
        margin = max(target.width, target.height) * _SURROUNDINGS
        window = target.widened(margin, margin).intersection(Box.of_image(image))
        pixels = shrunk(image[window.slices], _WORKING_SIDE)
        scale = pixels.shape[1] / window.width, pixels.shape[0] / window.height
        return cls(image, window, scale, pixels)

    def mask(self, points: Sequence[LabelledPoint], target: Box, core: float) -> BoolMask:
        """One run of GrabCut."""
        trimap = self._trimap(points, target, core)
        small = _is_foreground(trimap)
        if small.all() or not small.any():  # GrabCut needs samples of both
            return self._in_image(small)
        background, foreground = np.zeros((1, 65)), np.zeros((1, 65))
        # GrabCut seeds its k-means from OpenCV's global generator.
        cv2.setRNGSeed(0)
        cv2.grabCut(
            self.pixels,
            trimap,
            _NO_RECTANGLE,
            background,
            foreground,
            _ITERATIONS,
            cv2.GC_INIT_WITH_MASK,
        )
        return self._in_image(_is_foreground(trimap))

    def _trimap(
        self, points: Sequence[LabelledPoint], target: Box, core: float
    ) -> npt.NDArray[np.uint8]:
        """GrabCut's seeds: sure background outside the box, an ellipse of probable foreground."""
        trimap = np.full(self.pixels.shape[:2], cv2.GC_BGD, np.uint8)
        x0, y0 = self._local(target.x0, target.y0)
        x1, y1 = self._local(target.x1, target.y1)
        trimap[y0:y1, x0:x1] = cv2.GC_PR_BGD
        centre = ((x0 + x1) // 2, (y0 + y1) // 2)
        axes = (round((x1 - x0) / 2 * core), round((y1 - y0) / 2 * core))
        cv2.ellipse(trimap, centre, axes, 0, 0, 360, (cv2.GC_PR_FGD,), cv2.FILLED)
        radius = max(1, round(_DOT * max(x1 - x0, y1 - y0)))
        for x, y, label in points:
            sure = cv2.GC_FGD if label else cv2.GC_BGD
            cv2.circle(trimap, self._local(x, y), radius, (sure,), cv2.FILLED)
        return trimap

    def _local(self, x: float, y: float) -> tuple[int, int]:
        """A place of the image in working pixels."""
        across, down = self.scale
        return round((x - self.window.x0) * across), round((y - self.window.y0) * down)

    def _in_image(self, small: BoolMask) -> BoolMask:
        """The working-size mask in the whole image, its edge interpolated."""
        size = self.window.width, self.window.height
        smooth = cv2.resize(masks.picture(small), size, interpolation=cv2.INTER_CUBIC)
        whole = np.zeros(self.image.shape[:2], bool)
        whole[self.window.slices] = smooth > 127
        return whole


def _is_foreground(trimap: npt.NDArray[np.uint8]) -> BoolMask:
    """GrabCut's sure and probable foreground, bool (h, w)."""
    return (trimap == cv2.GC_FGD) | (trimap == cv2.GC_PR_FGD)


def _box_around(points: Sequence[LabelledPoint]) -> Box:
    """What a box would be where only points are given: the positives are well inside the target."""
    positive = np.array([(x, y) for x, y, label in points if label], np.float32).reshape(-1, 2)
    if not len(positive):
        return Box(0, 0, 0, 0)
    bounds = Box.around(positive)
    margin = _WITHOUT_BOX * max(bounds.width, bounds.height)
    return bounds.widened(margin, margin)
