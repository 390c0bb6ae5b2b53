"""Image pyramid: coarse views of an image are computed from small copies of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Image, Points, image_box, shrunk
from shared.imaging.windows import Window, window_starts
from shared.schemas.box import Box

_SMALLEST = 512
"""A level whose longer side is less than twice this, in pixels, is the last one. Smaller levels
would save little time. Chosen by hand."""

_MAX_PIXELS = 2**25
"""Maximum number of pixels of an image at one scale: three times the need of an image of 50
megapixels. Bounds memory for extreme aspect ratios."""

_OVERLAP = 0.75
"""Overlap of neighbouring canvases, as a share of a window's side: all faces but the largest lie
completely inside one canvas. Chosen by hand."""


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A rectangle of a scaled image: RGB uint8 `picture`.

    `corner` (x, y) is its top left corner, in pixels of the scaled image; `step` (across, down) is
    the size of such a pixel in pixels of the image.
    """

    picture: Image
    corner: tuple[int, int]
    step: tuple[float, float]

    def to_image(self, points: npt.NDArray[np.float32]) -> Points:
        """Converts points in pixels of the picture, (n, 2), to image coordinates."""
        return ((points + self.corner) * self.step).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """Levels of an RGB uint8 image: the image, then each level half as large as the one before."""

    levels: tuple[Image, ...]

    @classmethod
    def of(cls, image: Image) -> "Pyramid":
        """Builds the pyramid of an RGB uint8 (h, w, 3) image."""
        levels = [image]
        while max(levels[-1].shape[:2]) >= 2 * _SMALLEST:
            levels.append(shrunk(levels[-1], max(levels[-1].shape[:2]) // 2))
        return cls(tuple(levels))

    @property
    def image(self) -> Image:
        """The image at full size."""
        return self.levels[0]

    def view(self, window: Window, pixels: int, *, mirrors: bool = False) -> Image:
        """Returns the view of the window, computed from the smallest level with enough pixels."""
        level, scale = self._level_for(pixels / window.side)
        return window.scaled(scale).view(level, pixels, mirrors=mirrors)

    def canvases(self, side: float, pixels: int, step: int, max_side: int) -> Iterator[Canvas]:
        """Yields the image, scaled so that `side` of its pixels become `pixels`.

        It fits one canvas, or several overlapping ones of equal size with no side over `max_side`.
        Sides are multiples of `step` and at least `pixels`; outside the image its border is
        repeated. Yields nothing if there were too many pixels, as for an image a few pixels wide
        and millions long.
        """
        height, width = self.image.shape[:2]
        scale = pixels / side
        size = max(1, round(width * scale)), max(1, round(height * scale))
        if max(size[0], pixels) * max(size[1], pixels) > _MAX_PIXELS:
            return
        small = cv2.resize(self._level_for(scale)[0], size, interpolation=cv2.INTER_AREA)
        columns, rows = (_intervals(length, pixels, step, max_side) for length in size)
        for row, column in product(rows, columns):
            area = Box(column.start, row.start, column.stop, row.stop)
            inside = area.intersection(image_box(small))
            picture = cv2.copyMakeBorder(
                small[inside.slices],
                inside.y0 - area.y0,
                area.y1 - inside.y1,
                inside.x0 - area.x0,
                area.x1 - inside.x1,
                cv2.BORDER_REPLICATE,
            )
            steps = width / size[0], height / size[1]
            yield Canvas(np.asarray(picture, np.uint8), area[:2], steps)

    def _level_for(self, scale: float) -> tuple[Image, float]:
        """The smallest level of at least this scale relative to the image, and its scale."""
        full_side = max(self.image.shape[:2])
        for level in reversed(self.levels):
            level_scale = max(level.shape[:2]) / full_side
            if level_scale >= scale:
                return level, level_scale
        return self.image, 1.0


def _intervals(length: int, min_size: int, step: int, max_size: int) -> list[range]:
    """Ranges of equal size that cover `length`, or one that is longer."""
    size = max_size if length > max_size else max(min_size, -(-length // step) * step)
    stride = size - _OVERLAP * min_size
    return [range(start, start + size) for start in window_starts(length, size, stride)]
