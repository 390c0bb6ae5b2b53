"""Views of a face for the networks, each with its mirror image."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Floats, Polygon
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import Window, mirrored


def windows_around(outline: Polygon, contexts: Sequence[float], angle: float) -> list[Window]:
    """Windows around the middle of an outline's bounds, turned by `angle`, radians, clockwise.

    Their sides are multiples of the face's: the root of the area of the bounds.
    """
    low, high = outline.min(axis=0), outline.max(axis=0)
    x, y = ((low + high) / 2).tolist()
    side = float(np.sqrt((high - low).prod()))
    return [Window((x, y), side * context, angle) for context in contexts]


def with_mirrors(pyramid: Pyramid, windows: Sequence[Window], side: int) -> npt.NDArray[np.uint8]:
    """The views of n windows and their mirror images, (2n, side, side, 3)."""
    views = [pyramid.view(window, side) for window in windows]
    return np.stack([*views, *map(mirrored, views)])


def mean_of_mirrors(outputs: Floats) -> Floats:
    """The means of the outputs for n views, (h, w), and for their mirror images: (n, ..., h, w)."""
    plain, of_mirrors = np.split(outputs, 2)
    return (plain + of_mirrors[..., ::-1]) / 2
