"""Masks of instances: their bounds, their union, and the pixels that two of them claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import BoolMask, disjoint
from shared.imaging.sparse_image import SparseImage, Tile
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt


@dataclass(frozen=True, eq=False)
class Mask:
    """The pixels of one instance: bool (window.height, window.width).

    Pixels outside the window are background. Do not modify the pixels: `bounds` is cached.
    """

    window: Box
    pixels: BoolMask

    @property
    def area(self) -> int:
        """Number of pixels set."""
        return int(np.count_nonzero(self.pixels))

    @cached_property
    def bounds(self) -> Box | None:
        """The bounding box of the set pixels, in image coordinates; None if the mask is empty."""
        x, y, width, height = cv2.boundingRect(self.pixels.view(np.uint8))
        if not width:
            return None
        return Box(x, y, x + width, y + height).shifted(self.window.x0, self.window.y0)


def resolve_overlaps(masks: Sequence[Mask], prompts: Sequence[Prompt]) -> list[Mask]:
    """Returns the masks without overlaps. `masks` and `prompts` are in the same order.

    A pixel in two masks goes to the mask whose nearest positive point is closer.
    """
    separate = list(masks)
    for i, j in combinations(range(len(masks)), 2):
        shared = separate[i].window.intersection(separate[j].window)
        if not shared.area:
            continue
        first, second = _part(separate[i], shared), _part(separate[j], shared)
        both = first & second
        if both.any():
            nearer = _distance(prompts[i], shared) <= _distance(prompts[j], shared)
            separate[i] = _without(separate[i], shared, both & ~nearer)
            separate[j] = _without(separate[j], shared, both & nearer)
    return separate


def picture(pixels: BoolMask) -> npt.NDArray[np.uint8]:
    """Returns the mask as a grey image, uint8 (h, w): 0 or 255."""
    return np.where(pixels, np.uint8(255), np.uint8(0))


def bounds(masks: Sequence[Mask]) -> list[Box]:
    """Returns the bounds of each mask that is not empty."""
    return [found for mask in masks if (found := mask.bounds)]


def covered(masks: Sequence[Mask], window: Box) -> BoolMask:
    """Returns the union of the masks in the window, bool (window.height, window.width)."""
    pixels = np.zeros((window.height, window.width), bool)
    for mask in masks:
        part = mask.window.intersection(window)
        if part.area:
            pixels[part.within(window)] |= _part(mask, part)
    return pixels


def union(masks: Sequence[Mask], image: Box) -> SparseImage:
    """Returns the union of the masks as a grey image of the size of `image`: 0 or 255."""
    regions = disjoint(bounds(masks))
    tiles = [Tile(region, picture(covered(masks, region))) for region in regions]
    return SparseImage(image, (), tiles)


def _part(mask: Mask, window: Box) -> BoolMask:
    return mask.pixels[window.within(mask.window)]


def _without(mask: Mask, window: Box, pixels: BoolMask) -> Mask:
    left = mask.pixels.copy()
    left[window.within(mask.window)] &= ~pixels
    return Mask(mask.window, left)


def _distance(prompt: Prompt, window: Box) -> npt.NDArray[np.float32]:
    """Returns the distances, in pixels, to the prompt's nearest positive point.

    float32 (window.height, window.width). Without positive points, the box's centre is used.
    """
    xs, ys = np.arange(window.x0, window.x1), np.arange(window.y0, window.y1)
    points = prompt.positive or [
        ((prompt.box.x0 + prompt.box.x1) // 2, (prompt.box.y0 + prompt.box.y1) // 2)
    ]
    squares = np.full((window.height, window.width), np.inf, np.float32)
    for x, y in points:
        np.minimum(squares, (xs[None, :] - x) ** 2 + (ys[:, None] - y) ** 2, out=squares)
    return np.sqrt(squares)
