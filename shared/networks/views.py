"""Views of a face for the networks, and the mean of what they say about a view and its mirror."""

from collections.abc import Callable, Sequence

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


def mean_outputs(
    pyramid: Pyramid,
    windows: Sequence[Window],
    side: int,
    network: Callable[[npt.NDArray[np.uint8]], Floats],
) -> Floats:
    """For each window the mean output for its view, `side` pixels a side, and the mirror image.

    The outputs are (n, ..., h, w), and so is the result.
    """
    views = [pyramid.view(window, side) for window in windows]
    both = network(np.stack([*views, *map(mirrored, views)]))
    return (both[: len(views)] + both[len(views) :, ..., ::-1]) / 2
