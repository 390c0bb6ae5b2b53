"""Moves the borders of masks outwards or inwards by a Euclidean distance between pixel centres."""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from shared.imaging.geometry import Floats, enclosing, squared_distances
from shared.schemas.amounts import Amount
from shared.schemas.box import Box
from shared.schemas.drawing import MOST_GROWTH
from shared.segmentation.masks import Mask, covered

_TILE = 1024
"""Side of a tile, in pixels. Only a tile and the pixels within reach of it are in memory as
distances. Smaller ones need less memory, and compute more distances twice. Chosen by hand."""


def grow(masks: Sequence[Mask], amount: Amount, image: Box) -> list[Mask]:
    """Returns the masks grown by the amount, or shrunk if it is negative.

    `masks` are those of one image, without overlaps. Per cent refer to the square root of a mask's
    area. No radius is greater than MOST_GROWTH.

    A grown mask has the pixels within the radius of the original that are in the image, also beyond
    the original's window, and are not nearer to another original; in a tie the first mask gets
    them. So grown masks do not overlap. A shrunk mask has the pixels that are farther than the
    radius from all pixels outside of it; the border of the image is not its edge. Where none is,
    those that are farthest remain, so a mask never disappears.
    """
    radii = [min(abs(amount.pixels(math.sqrt(mask.area))), MOST_GROWTH) for mask in masks]
    if amount.number < 0:
        return [_shrunk(mask, radius, image) for mask, radius in zip(masks, radii, strict=True)]
    return _grown(masks, radii, image) if amount.number else list(masks)


def _grown(masks: Sequence[Mask], radii: Sequence[float], image: Box) -> list[Mask]:
    filled = [index for index, mask in enumerate(masks) if mask.bounds]
    reach = math.ceil(max(radii, default=0))
    grown = {index: _empty(masks[index], math.ceil(radii[index]), image) for index in filled}
    for tile in _tiles(enclosing(mask.window for mask in grown.values())):
        nearest = np.full((tile.height, tile.width), np.inf, np.float32)
        owner = np.full(nearest.shape, -1, np.int16)
        for index in filled:
            part, squares = _squares_to(masks[index], tile, reach, image)
            closer = squares < nearest[part.within(tile)]
            nearest[part.within(tile)][closer] = squares[closer]
            owner[part.within(tile)][closer] = index
        for index, mask in grown.items():
            part = mask.window.intersection(tile)
            if part.area:
                own = owner[part.within(tile)] == index
                own &= nearest[part.within(tile)] <= radii[index] ** 2
                mask.pixels[part.within(mask.window)] = own
    return [grown.get(index, mask) for index, mask in enumerate(masks)]


def _empty(mask: Mask, radius: int, image: Box) -> Mask:
    """Returns a mask without pixels, with the window that the grown mask can have."""
    bounds = mask.bounds or mask.window
    window = bounds.widened(radius, radius).intersection(image)
    return Mask(window, np.zeros((window.height, window.width), bool))


def _squares_to(mask: Mask, tile: Box, reach: int, image: Box) -> tuple[Box, Floats]:
    """Returns the part of the tile within `reach` of the mask's bounds, and squared distances.

    float32 (part.height, part.width), in pixels, to the nearest pixel of the mask; those beyond
    `reach` may be too large.
    """
    bounds = mask.bounds or Box(0, 0, 0, 0)
    part = bounds.widened(reach, reach).intersection(tile)
    near = bounds.intersection(part.widened(reach, reach))
    if not part.area or not near.area:
        return Box(tile.x0, tile.y0, tile.x0, tile.y0), np.zeros((0, 0), np.float32)
    context = enclosing([part, near]).intersection(image)
    return part, squared_distances(~covered([mask], context))[part.within(context)]


def _shrunk(mask: Mask, radius: float, image: Box) -> Mask:
    if mask.bounds is None:
        return mask
    window, deepest = mask.bounds, 0.0
    kept = np.zeros((window.height, window.width), bool)
    for tile, squares in _squared_depths(mask, window, radius, image):
        kept[tile.within(window)] = squares > radius**2
        deepest = max(deepest, float(squares.max()))
    if not kept.any():
        for tile, squares in _squared_depths(mask, window, radius, image):
            kept[tile.within(window)] = squares == deepest
    return Mask(window, kept)


def _squared_depths(
    mask: Mask, window: Box, radius: float, image: Box
) -> Iterator[tuple[Box, Floats]]:
    """Yields each tile with the squared distances to the nearest pixel outside of the mask.

    float32 (tile.height, tile.width), in pixels; those beyond the radius may be too large.
    """
    for tile in _tiles(window):
        context = tile.widened(radius + 1, radius + 1).intersection(image)
        yield tile, squared_distances(covered([mask], context))[tile.within(context)]


def _tiles(box: Box) -> Iterator[Box]:
    for y in range(box.y0, box.y1, _TILE):
        for x in range(box.x0, box.x1, _TILE):
            yield Box(x, y, x + _TILE, y + _TILE).intersection(box)
