"""Points in the interior of a drawn face.

The oval that a model trained on photographs fits to a drawn face may include hair, a hat or the
background, and one positive point there can spoil the mask. In flat art the skin is more reliable.
"""

import numpy as np

from shared.flat_art.skin import FLAT_ENOUGH, find_skin, to_lab
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
"""Longer side of the outline's bounds, in pixels, after scaling. A larger side costs time, a
smaller one merges skin across thin lines. Chosen by hand."""

_CONTEXT = 0.5
"""Margin around the outline's bounds, as a share of their longer side. More context costs time.
Chosen by hand."""

_MIN_DEPTH = 0.4
"""Minimum distance of a point from the skin's edge, as a share of the greatest such distance. Lower
values allow points near hair, higher ones spread the points less. Chosen together with
`_EDGE_MARGIN` of shared/prompting/builder.py."""


def interior_points(image: Image, outline: Polygon, features: Points) -> Points | None:
    """Points on the skin inside the outline, float32 (m, 2), those farthest from its edge first.

    None where the RGB uint8 (h, w, 3) image is not flat art around the outline. `features`, float32
    (n, 2), n >= 3, such as eyes and mouth, span a part of the face that shows skin. All points are
    in image coordinates.
    """
    bounds = bounding_box(outline)
    margin = _CONTEXT * max(bounds.width, bounds.height)
    window = bounds.widened(margin, margin).intersection(image_box(image))
    if not window.area:
        return None
    scale = _SIDE / max(bounds.width, bounds.height)
    small = shrunk(image[window.slices], max(window.width, window.height) * scale)
    extent = image_box(small)
    step = np.array([window.width / extent.width, window.height / extent.height])
    corner = np.array([window.x0, window.y0])
    local = ((outline - corner) / step).astype(np.float32)
    positive = [(x, y, 1) for x, y in ((features - corner) / step).tolist()]
    target = bounding_box(local).intersection(extent)
    if target.width < 2 or target.height < 2:
        return None
    skin = find_skin(to_lab(small), positive, target)
    inside = skin.area & polygon_mask(local, extent)
    if skin.flatness < FLAT_ENOUGH or not inside.any():
        return None
    depth = depths(inside)
    rows, columns = np.nonzero(depth >= _MIN_DEPTH * depth.max())
    order = np.argsort(-depth[rows, columns], kind="stable")
    points = np.column_stack([columns, rows])[order] + 0.5
    return (points * step + corner).astype(np.float32)
