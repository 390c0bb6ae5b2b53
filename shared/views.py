"""The views of an image that the detectors look at: square windows, coarse to fine, each blurred.

MediaPipe's models were trained on photographs and find faces between a fifth and nine tenths of
what they see. A ladder of overlapping windows shows every face at such a scale; a Gaussian blur
gives flat art the soft gradients that the models look for.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shared.geometry import Box, Image, Points

VIEW_SIDE = 256
"""Pixels a side of every view: the models themselves see 128 to 224."""

LADDER = (1.25, 1.0, 0.66, 0.4, 0.25)
"""Window sides as shares of the image's long side. The first is larger than the image, because a
face that fills the picture needs surroundings."""

LONG_SIDE = round(VIEW_SIDE / LADDER[-1])
"""An image scaled down to this shows the finest windows at their full resolution."""

_FLAT = 4.0
"""A window whose colours vary by less than this standard deviation (of 255) shows nothing."""

_SEEN_SHARES = (0.18, 0.9)
"""A model is expected to see what takes up between these shares of a window's side."""

_SEEN_PART = 0.9
"""… and of which at least this part lies in the window."""


@dataclass(frozen=True, slots=True)
class Window:
    """A square of the image, in its pixels; it may reach beyond the image."""

    x: int
    y: int
    side: int

    def should_show(self, box: Box) -> bool:
        """Whether a model that looks at this window is expected to see what the box bounds."""
        share = max(box.width, box.height) / self.side
        inside = box.intersection(Box(self.x, self.y, self.x + self.side, self.y + self.side))
        least, most = _SEEN_SHARES
        return least < share < most and inside.area > _SEEN_PART * box.area

    def to_image(self, normalised: npt.NDArray[np.float32]) -> Points:
        """Points given as shares of the window's side, in image coordinates."""
        return (normalised * self.side + (self.x, self.y)).astype(np.float32)


def rung(image: Box, share: float) -> list[Window]:
    """Windows of one size that cover the image, half overlapping; one where they exceed it."""
    side = max(1, round(max(image.width, image.height) * share))
    return [
        Window(x, y, side) for y in _starts(image.height, side) for x in _starts(image.width, side)
    ]


def views(image: Image, window: Window, blurs: tuple[float, ...]) -> Iterator[Image]:
    """The window as RGB (VIEW_SIDE, VIEW_SIDE, 3), once for each blur (Gaussian sigma in pixels).

    Beyond the image its border is repeated. Nothing where the window is flat.
    """
    wanted = Box(window.x, window.y, window.x + window.side, window.y + window.side)
    there = wanted.intersection(Box.of_image(image))
    pixels = cv2.copyMakeBorder(
        image[there.slices],
        there.y0 - wanted.y0,
        wanted.y1 - there.y1,
        there.x0 - wanted.x0,
        wanted.x1 - there.x1,
        cv2.BORDER_REPLICATE,
    )
    way = cv2.INTER_AREA if window.side > VIEW_SIDE else cv2.INTER_LINEAR
    view = np.asarray(cv2.resize(pixels, (VIEW_SIDE, VIEW_SIDE), interpolation=way), np.uint8)
    _, deviations = cv2.meanStdDev(view)
    if np.max(deviations) < _FLAT:
        return
    for sigma in blurs:
        yield np.asarray(cv2.GaussianBlur(view, (0, 0), sigma), np.uint8)


def _starts(length: int, side: int) -> list[int]:
    """Where windows begin along one axis."""
    if length <= side:
        return [(length - side) // 2]
    steps = int(np.ceil((length - side) / (side / 2)))
    return [round(step * (length - side) / steps) for step in range(steps + 1)]
