"""Windows over an image: rotated squares, and the views of them that models take as input."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.boxes import FloatBox, centred
from shared.imaging.geometry import Image, Points, image_box
from shared.schemas.box import Box

_SHIFT_IN = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
_SHIFT_OUT = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
"""Conversions between this project's coordinates, with the origin at a pixel's corner, and
OpenCV's, with the origin at its centre."""


@dataclass(frozen=True, slots=True)
class Window:
    """A square of the image around `centre` (x, y), `side` pixels long.

    It may extend beyond the image. `angle` is its rotation in radians, clockwise on the screen: an
    object rotated by the same angle is upright in the view.
    """

    centre: tuple[float, float]
    side: float
    angle: float = 0.0

    def view(self, image: Image, pixels: int, *, mirrors: bool = False) -> Image:
        """The window's content as RGB uint8 (pixels, pixels, 3).

        Outside the image its border is repeated or, with `mirrors`, the image is reflected.
        """
        step = self.side / pixels
        bounds = self._bounds(image_box(image))
        source = image[bounds.slices]
        if step > 2:
            # Warping samples single pixels: averaging them first avoids aliasing.
            size = max(1, round(bounds.width / step)), max(1, round(bounds.height / step))
            source = np.asarray(cv2.resize(source, size, interpolation=cv2.INTER_AREA), np.uint8)
        across, down = source.shape[1] / bounds.width, source.shape[0] / bounds.height
        to_source = np.array(
            [[across, 0, -bounds.x0 * across], [0, down, -bounds.y0 * down], [0, 0, 1]]
        )
        return np.asarray(
            cv2.warpAffine(
                source,
                (_SHIFT_OUT @ to_source @ self._matrix(step) @ _SHIFT_IN)[:2],
                (pixels, pixels),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_REFLECT if mirrors else cv2.BORDER_REPLICATE,
            ),
            np.uint8,
        )

    def scaled(self, scale: float) -> "Window":
        """The same window of an image that is `scale` times as large."""
        x, y = self.centre
        return Window((x * scale, y * scale), self.side * scale, self.angle)

    def to_image(self, points: npt.NDArray[np.float32]) -> Points:
        """Converts points given as shares of the window's side, (n, 2), to image coordinates."""
        matrix = self._matrix(self.side)
        return (points @ matrix[:2, :2].T + matrix[:2, 2]).astype(np.float32)

    def from_image(self, points: Points) -> Points:
        """Converts image coordinates, (n, 2), to shares of the window's side."""
        matrix = np.linalg.inv(self._matrix(self.side))
        return (points @ matrix[:2, :2].T + matrix[:2, 2]).astype(np.float32)

    def box_to_image(self, box: FloatBox) -> FloatBox:
        """Converts a box given in shares of the window's side to image coordinates.

        The box stays axis-aligned and keeps its size: only its centre is rotated.
        """
        corners = box.reshape(2, 2)
        (middle,) = self.to_image(corners.mean(axis=0, keepdims=True).astype(np.float32))
        return centred(middle, (corners[1] - corners[0]) * self.side)

    def _bounds(self, image: Box) -> Box:
        """Axis-aligned bounds of the window's part of the image; at least the nearest pixel."""
        x, y = self.centre
        reach = self.side * (0.5 if self.angle == 0 else 0.75) + 1
        low = int(np.floor(x - reach)), int(np.floor(y - reach))
        high = int(np.ceil(x + reach)), int(np.ceil(y + reach))
        x0, y0 = min(max(low[0], 0), image.x1 - 1), min(max(low[1], 0), image.y1 - 1)
        x1, y1 = max(min(high[0], image.x1), x0 + 1), max(min(high[1], image.y1), y0 + 1)
        return Box(x0, y0, x1, y1)

    def _matrix(self, unit: float) -> npt.NDArray[np.float64]:
        """The 3 x 3 matrix from the view, in units of `unit` image pixels, to the image."""
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


def blurred(view: Image, sigma: float) -> Image:
    """The view after a Gaussian blur of `sigma` pixels; the view itself for 0."""
    return np.asarray(cv2.GaussianBlur(view, (0, 0), sigma), np.uint8) if sigma else view


def mirrored(view: Image) -> Image:
    """The horizontally mirrored view."""
    return np.ascontiguousarray(view[:, ::-1])


def window_starts(length: int, side: int, stride: float) -> list[int]:
    """Start positions of windows of `side` that cover `length`, at most `stride` apart.

    A window that is longer than `length` is centred on it.
    """
    if length <= side:
        return [(length - side) // 2]
    steps = int(np.ceil((length - side) / stride))
    return [round(number * (length - side) / steps) for number in range(steps + 1)]
