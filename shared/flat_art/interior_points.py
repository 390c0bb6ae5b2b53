"""Points in the interior of a drawn face.

The oval that a model trained on photographs fits to a drawn face may include hair, a hat or the
background, and one positive point there can spoil the mask. In flat art the skin is more reliable.
"""

import numpy as np

from shared.flat_art.close_up import CloseUp
from shared.flat_art.skin import FLAT_ENOUGH, find_skin, to_lab
from shared.imaging.geometry import Image, Points, Polygon, depths, image_box, polygon_mask

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
    close_up = CloseUp.of(image, outline)
    if close_up is None:
        return None
    positive = [(x, y, 1) for x, y in close_up.from_image(features).tolist()]
    skin = find_skin(to_lab(close_up.picture), positive, close_up.target)
    inside = skin.area & polygon_mask(close_up.outline, image_box(close_up.picture))
    if skin.flatness < FLAT_ENOUGH or not inside.any():
        return None
    depth = depths(inside)
    rows, columns = np.nonzero(depth >= _MIN_DEPTH * depth.max())
    order = np.argsort(-depth[rows, columns], kind="stable")
    return close_up.to_image(np.column_stack([columns, rows])[order] + 0.5)
