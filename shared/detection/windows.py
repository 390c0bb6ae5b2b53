"""The views of an image that models look at.

MediaPipe's models were trained on photographs. Their detectors find faces between a tenth and nine
tenths of what they see: a ladder of windows shows every face at such a size. A Gaussian blur gives
flat art the soft gradients that they look for.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Image, Points, image_box
from shared.schemas.box import Box

_SMALLEST = 256
"""Pixels a side."""

LADDER = (1.25, 1.0, 0.66, 0.4, 0.25)
"""Window sides as shares of the image's long side. The first is larger than the image, because a
face that fills the picture needs surroundings."""

_FINER = 0.64
"""On large images the ladder goes on, each window so many times the last, to _SMALLEST pixels."""

_STRIP = 3
"""No face is larger than a strip's short side: its ladder begins where that of an image so many
times as long would."""

_FLAT, _CELL = 10, 8
"""A view shows nothing if the means of its cells, so many pixels a side, differ by less (of 255):
grain does not count, a small face on a large blank does."""

_SHIFT_IN = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
_SHIFT_OUT = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
"""OpenCV counts from pixel centres, we from their corners."""


@dataclass(frozen=True, slots=True)
class Window:
    """A square of the image around `centre` (x, y), `side` pixels long.

    It may reach beyond the image. `angle` turns it, in radians, clockwise on the screen: what is
    turned by as much stands upright in the view.
    """

    centre: tuple[float, float]
    side: float
    angle: float = 0.0

    def view(self, image: Image, pixels: int, *, mirrors: bool = False) -> Image:
        """The window as RGB (pixels, pixels, 3).

        Beyond the image its border is repeated or, with `mirrors`, the image itself in mirrors.
        """
        step = self.side / pixels
        around = self._surroundings(image_box(image))
        part = image[around.slices]
        if step > 2:
            # Warping takes single pixels: what lies between them has to be averaged first.
            size = max(1, round(around.width / step)), max(1, round(around.height / step))
            part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
        across, down = part.shape[1] / around.width, part.shape[0] / around.height
        to_part = np.array(
            [[across, 0, -around.x0 * across], [0, down, -around.y0 * down], [0, 0, 1]]
        )
        return np.asarray(
            cv2.warpAffine(
                part,
                (_SHIFT_OUT @ to_part @ self._matrix(step) @ _SHIFT_IN)[:2],
                (pixels, pixels),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REFLECT if mirrors else cv2.BORDER_REPLICATE,
            ),
            np.uint8,
        )

    def scaled(self, scale: float) -> "Window":
        """The same part of an image that is `scale` times as large."""
        x, y = self.centre
        return Window((x * scale, y * scale), self.side * scale, self.angle)

    def to_image(self, places: npt.NDArray[np.float32]) -> Points:
        """Points given as shares of the window's side, (n, 2), in image coordinates."""
        matrix = self._matrix(self.side)
        return (places @ matrix[:2, :2].T + matrix[:2, 2]).astype(np.float32)

    def _surroundings(self, image: Box) -> Box:
        """An upright box that holds the window's part of the image; at least the nearest pixel."""
        x, y = self.centre
        reach = self.side * (0.5 if self.angle == 0 else 0.75) + 1
        low = int(np.floor(x - reach)), int(np.floor(y - reach))
        high = int(np.ceil(x + reach)), int(np.ceil(y + reach))
        x0, y0 = min(max(low[0], 0), image.x1 - 1), min(max(low[1], 0), image.y1 - 1)
        x1, y1 = max(min(high[0], image.x1), x0 + 1), max(min(high[1], image.y1), y0 + 1)
        return Box(x0, y0, x1, y1)

    def _matrix(self, unit: float) -> npt.NDArray[np.float64]:
        """From places in the view, `unit` image pixels apart, to the image."""
        cos, sin = np.cos(self.angle) * unit, np.sin(self.angle) * unit
        half = self.side / unit / 2
        x, y = self.centre
        return np.array(
            [
                [cos, -sin, x - (cos - sin) * half],
                [sin, cos, y - (sin + cos) * half],
                [0, 0, 1],
            ]
        )


def ladder(image: Box) -> list[float]:
    """Window sides for faces, in pixels, coarse to fine."""
    short, long = sorted((image.width, image.height))
    whole = min(long, _STRIP * short)
    sides = [share * whole for share in LADDER]
    while sides[-1] * _FINER >= _SMALLEST:
        sides.append(sides[-1] * _FINER)
    return sides


def rung(image: Box, share: float) -> list[Window]:
    """Upright windows of one size, half overlapping, that cover the image, or one beyond it."""
    side = max(1, round(max(image.width, image.height) * share))
    return [
        Window((x + side / 2, y + side / 2), side)
        for y in starts(image.height, side, side / 2)
        for x in starts(image.width, side, side / 2)
    ]


def is_flat(view: Image) -> bool:
    """Whether a view shows nothing."""
    height, width = view.shape[:2]
    cells = max(1, width // _CELL), max(1, height // _CELL)
    means = cv2.resize(view, cells, interpolation=cv2.INTER_AREA)
    return bool(np.ptp(means, axis=(0, 1)).max() < _FLAT)


def blurred(view: Image, sigma: float) -> Image:
    """The view under a Gaussian of `sigma` pixels; itself for 0."""
    return np.asarray(cv2.GaussianBlur(view, (0, 0), sigma), np.uint8) if sigma else view


def mirrored(view: Image) -> Image:
    """The view, left and right exchanged."""
    return np.ascontiguousarray(view[:, ::-1])


def starts(length: int, side: int, step: float) -> list[int]:
    """Where windows begin that cover a length: one that may be longer, or some `step` apart."""
    if length <= side:
        return [(length - side) // 2]
    steps = int(np.ceil((length - side) / step))
    return [round(number * (length - side) / steps) for number in range(steps + 1)]
