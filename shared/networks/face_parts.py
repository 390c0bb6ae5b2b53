"""The outline of a face with its hair, beard and ears, as the face-parsing network sees them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from shared.imaging.geometry import Floats, Polygon, polygon_mask
from shared.imaging.morphology import morphed
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import Window
from shared.networks.face_parsing import PARTS, SIDE, FaceParsingNetwork
from shared.networks.outlines import outline_of, part_in
from shared.networks.views import mean_of_mirrors, windows_around, with_mirrors
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
    windows = windows_around(skin, _CONTEXTS, angle)
    largest = windows[-1]
    outputs = mean_of_mirrors(network.parts(with_mirrors(pyramid, windows, SIDE)))
    on_grid = polygon_mask(largest.from_image(skin) * _CELLS, Box(0, 0, _CELLS, _CELLS))
    masks = [_on_grid(windows, outputs[:, PARTS.index(part)]) > 0 for part in others]
    together = np.asarray(np.logical_or.reduce([on_grid, *masks]))
    bridged = morphed(together, cv2.MORPH_CLOSE, _BRIDGE)
    return largest.to_image(outline_of(part_in(on_grid, bridged)) / _CELLS)


def _on_grid(windows: Sequence[Window], outputs: Floats) -> Floats:
    """The mean log-odds of a part over all views of a cell, on the last window's grid.

    `outputs` are those of the views, (n, h, w).
    """
    total = np.zeros((_CELLS, _CELLS), np.float32)
    count = np.zeros_like(total)
    for window, output in zip(windows, outputs, strict=True):
        size = round(_CELLS * window.side / windows[-1].side)
        first = (_CELLS - size) // 2
        place = slice(first, first + size)
        total[place, place] += cv2.resize(output, (size, size), interpolation=cv2.INTER_CUBIC)
        count[place, place] += 1
    return total / count
