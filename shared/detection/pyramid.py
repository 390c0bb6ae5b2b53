"""An image at many sizes: what is seen of it from far away costs little."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
import numpy.typing as npt

from shared.detection.windows import Window, starts
from shared.imaging.geometry import Image, Points, image_box, shrunk
from shared.schemas.box import Box

_SMALLEST = 512
"""Pixels of the longer side from which there is no smaller level."""

_MOST_PIXELS = 2**25
"""Of all canvases of a size: three times what 50 megapixels need at most."""

_OVERLAP = 0.75
"""Canvases side by side share this part of a window: all faces but the largest lie whole in one."""


@dataclass(frozen=True, slots=True, eq=False)
class Canvas:
    """A part of an image, scaled down or up: RGB `picture`.

    `corner` (x, y) is where it begins, in its own pixels; each of them is `step` (across, down) of
    the image's.
    """

    picture: Image
    corner: tuple[int, int]
    step: tuple[float, float]

    def to_image(self, places: npt.NDArray[np.float32]) -> Points:
        """Points in pixels of the picture, (n, 2), in image coordinates."""
        return ((places + self.corner) * self.step).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Pyramid:
    """An RGB image at full size, and halved again and again."""

    levels: tuple[Image, ...]

    @classmethod
    def of(cls, image: Image) -> "Pyramid":
        """Down to a small one."""
        levels = [image]
        while max(levels[-1].shape[:2]) >= 2 * _SMALLEST:
            levels.append(shrunk(levels[-1], max(levels[-1].shape[:2]) // 2))
        return cls(tuple(levels))

    @property
    def image(self) -> Image:
        """The image at full size."""
        return self.levels[0]

    def view(self, window: Window, pixels: int, *, mirrors: bool = False) -> Image:
        """`Window.view` of a window that is given in pixels of the image."""
        level, scale = self._enough(pixels / window.side)
        return window.scaled(scale).view(level, pixels, mirrors=mirrors)

    def canvases(self, side: float, pixels: int, step: int, most: int) -> Iterator[Canvas]:
        """All of the image, so small that `side` of its pixels are `pixels` long.

        In one canvas, or in some of one size, overlapping, with no side over `most`. Sides are
        multiples of `step` and at least `pixels`; around the image its border is repeated. None
        where that were too many: a strip of a few pixels by millions.
        """
        height, width = self.image.shape[:2]
        scale = pixels / side
        size = max(1, round(width * scale)), max(1, round(height * scale))
        if max(size[0], pixels) * max(size[1], pixels) > _MOST_PIXELS:
            return
        small = cv2.resize(self._enough(scale)[0], size, interpolation=cv2.INTER_AREA)
        columns, rows = (_cuts(length, pixels, step, most) for length in size)
        for row, column in product(rows, columns):
            there = Box(column.start, row.start, column.stop, row.stop)
            shown = there.intersection(image_box(small))
            picture = cv2.copyMakeBorder(
                small[shown.slices],
                shown.y0 - there.y0,
                there.y1 - shown.y1,
                shown.x0 - there.x0,
                there.x1 - shown.x1,
                cv2.BORDER_REPLICATE,
            )
            steps = width / size[0], height / size[1]
            yield Canvas(np.asarray(picture, np.uint8), there[:2], steps)

    def _enough(self, scale: float) -> tuple[Image, float]:
        """The smallest level that has so many pixels for each of the image's, and its scale."""
        whole = max(self.image.shape[:2])
        for level in reversed(self.levels):
            own = max(level.shape[:2]) / whole
            if own >= scale:
                return level, own
        return self.image, 1.0


def _cuts(length: int, least: int, step: int, most: int) -> list[range]:
    """Ranges of one size that cover `length`, or one beyond it."""
    size = most if length > most else max(least, -(-length // step) * step)
    return [range(start, start + size) for start in starts(length, size, size - _OVERLAP * least)]
