"""Points that lie on a drawn face for sure.

The oval that a photo model fits to a drawn face may reach over a fringe, a hat or the background; a
single positive point there costs the whole mask. In flat art its skin is known better.
"""

import numpy as np

from shared.flat_art.skin import FLAT_ENOUGH, find_skin, seen_colours
from shared.imaging.geometry import (
    Image,
    Points,
    Polygon,
    bounding_box,
    depths,
    image_box,
    polygon_mask,
    shrunk,
)

_SIDE = 128
"""Longer side of the outline's bounds, in pixels, at which skin is looked for."""

_CONTEXT = 0.5
"""Margin around the outline's bounds, as a share of their longer side."""

_DEEP = 0.25
"""A point is sure if it lies deeper in the skin than this share of its deepest."""


def interior_points(image: Image, outline: Polygon, features: Points) -> Points | None:
    """Float32 (m, 2), deepest first; None where the RGB image is no flat art around the outline.

    `features`, float32 (n, 2), n >= 3, lie around a part of the face that shows its skin: eyes and
    mouth.
    """
    bounds = bounding_box(outline)
    margin = _CONTEXT * max(bounds.width, bounds.height)
    window = bounds.widened(margin, margin).intersection(image_box(image))
    if not window.area:
        return None
    scale = _SIDE / max(bounds.width, bounds.height)
    small = shrunk(image[window.slices], max(window.width, window.height) * scale)
    whole = image_box(small)
    step = np.array([window.width / whole.width, window.height / whole.height])
    corner = np.array([window.x0, window.y0])
    local = ((outline - corner) / step).astype(np.float32)
    marks = [(x, y, 1) for x, y in ((features - corner) / step).tolist()]
    target = bounding_box(local).intersection(whole)
    if target.width < 2 or target.height < 2:
        return None
    skin = find_skin(seen_colours(small), marks, target)
    inside = skin.area & polygon_mask(local, whole)
    if skin.flatness < FLAT_ENOUGH or not inside.any():
        return None
    depth = depths(inside)
    rows, columns = np.nonzero(depth >= _DEEP * depth.max())
    order = np.argsort(-depth[rows, columns], kind="stable")
    places = np.column_stack([columns, rows])[order] + 0.5
    return (places * step + corner).astype(np.float32)
