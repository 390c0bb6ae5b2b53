"""Sizes and places of the windows in which detectors look for faces.

MediaPipe's models were trained on photographs. Their detectors find faces that measure a tenth to
nine tenths of their input. Windows of several sizes show every face at such a size. A Gaussian blur
gives flat art the soft gradients of photographs.
"""

import cv2
import numpy as np

from shared.imaging.geometry import Image
from shared.imaging.windows import Window, window_starts
from shared.schemas.box import Box

_MIN_SIDE = 256
"""Minimum side, in pixels, of the additional windows for large images. Lower values find smaller
faces and cost time. Chosen by hand."""

WINDOW_SCALES = (1.25, 1.0, 0.66, 0.4, 0.25)
"""Window sides as shares of the image's long side, coarse to fine. The first is larger than the
image, because the detectors need context around a face that fills it. Denser scales cost time,
sparser ones miss faces. Chosen by hand."""

_SCALE_STEP = 0.64
"""Ratio of the sides of successive additional windows for large images, down to _MIN_SIDE. A
greater ratio costs time, a smaller one misses faces. Chosen by hand."""

_MAX_ASPECT = 3
"""Maximum aspect ratio for the window sizes: for a longer strip, such as a web comic, they are
those of a strip cut to this ratio, because no face is larger than the short side. Chosen by
hand."""

_FLAT, _CELL = 10, 8
"""A view is flat if the means of its cells, squares of _CELL pixels a side, differ by less than
_FLAT of 255 levels. Averaging removes grain; small cells keep a small face on a large blank page.
Chosen by hand."""


def window_sides(image: Box) -> list[float]:
    """Window sides for faces, in pixels, coarse to fine."""
    short, long = sorted((image.width, image.height))
    reference = min(long, _MAX_ASPECT * short)
    sides = [scale * reference for scale in WINDOW_SCALES]
    while sides[-1] * _SCALE_STEP >= _MIN_SIDE:
        sides.append(sides[-1] * _SCALE_STEP)
    return sides


def sliding_windows(image: Box, scale: float) -> list[Window]:
    """Upright windows of one size that cover the image, at most half a window apart.

    `scale` is their side as a share of the image's long side. For 1 and more there is one window.
    """
    side = max(1, round(max(image.width, image.height) * scale))
    return [
        Window((x + side / 2, y + side / 2), side)
        for y in window_starts(image.height, side, side / 2)
        for x in window_starts(image.width, side, side / 2)
    ]


def is_flat(view: Image) -> bool:
    """Whether a view is nearly of one colour, so that it shows no face or hand."""
    height, width = view.shape[:2]
    cells = max(1, width // _CELL), max(1, height // _CELL)
    means = cv2.resize(view, cells, interpolation=cv2.INTER_AREA)
    return bool(np.ptp(means, axis=(0, 1)).max() < _FLAT)
