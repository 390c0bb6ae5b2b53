"""The outline of a face with its hair, beard and ears, as the face-parsing network sees them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from shared.imaging.geometry import Floats, Polygon, polygon_mask
from shared.imaging.morphology import morphed
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import Window, mirrored
from shared.networks.face_parsing import PARTS, SIDE, FaceParsingNetwork
from shared.networks.outlines import outline_of, part_in
from shared.schemas.box import Box
from shared.schemas.prompt import FacePart

_CONTEXTS = (1.7, 2.3, 3.2)
"""Sides of the views, as multiples of the face's: the root of the area of its skin's bounds. The
smallest view has the sharpest edges, the largest one shows long hair. In both, the face has about
one of the extreme sizes that the network was taught."""

_CELLS = 330
"""Cells per side of the grid on which the views are averaged: two for each of the network's in the
smallest view, so that outlines become smooth."""

_BRIDGE = 3
"""Parts that a gap of at most twice so many cells separates touch each other: an ink line between
them belongs to neither. About a twentieth of the face's side. Chosen by hand."""


def outline_with(
    pyramid: Pyramid,
    skin: Polygon,
    angle: float,
    network: FaceParsingNetwork,
    others: Iterable[FacePart],
) -> Polygon:
    """The outline of the skin together with the other parts, as far as they are connected.

    `skin` is its outline. Outlines are in image coordinates, float32 (n, 2). `angle` is the face's
    tilt in radians, clockwise.
    """
    low, high = skin.min(axis=0), skin.max(axis=0)
    x, y = ((low + high) / 2).tolist()
    side = float(np.sqrt((high - low).prod()))
    windows = [Window((x, y), side * context, angle) for context in _CONTEXTS]
    largest = windows[-1]
    log_odds = _log_odds(pyramid, windows, network)
    on_grid = polygon_mask(largest.from_image(skin) * _CELLS, Box(0, 0, _CELLS, _CELLS))
    masks = [log_odds[PARTS.index(part)] > 0 for part in others]
    together = np.asarray(np.logical_or.reduce([on_grid, *masks]))
    bridged = morphed(together, cv2.MORPH_CLOSE, _BRIDGE)
    return largest.to_image(outline_of(part_in(on_grid, bridged)) / _CELLS)


def _log_odds(pyramid: Pyramid, windows: Sequence[Window], network: FaceParsingNetwork) -> Floats:
    """The means over all views of a cell and their mirror images, on the last window's grid."""
    views = [pyramid.view(window, SIDE) for window in windows]
    both = network.parts(np.stack([*views, *map(mirrored, views)]))
    means = (both[: len(views)] + both[len(views) :, :, :, ::-1]) / 2
    total = np.zeros((len(PARTS), _CELLS, _CELLS), np.float32)
    count = np.zeros((_CELLS, _CELLS), np.float32)
    for window, mean in zip(windows, means, strict=True):
        size = round(_CELLS * window.side / windows[-1].side)
        first = (_CELLS - size) // 2
        place = slice(first, first + size)
        for on_grid, part in zip(total, mean, strict=True):
            on_grid[place, place] += cv2.resize(part, (size, size), interpolation=cv2.INTER_CUBIC)
        count[place, place] += 1
    return total / count
