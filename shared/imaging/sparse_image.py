"""Images that are zero, or equal to a background, except in a few tiles.

Masks, cutouts and overlays are such images. Only the tiles are drawn. Encoders read the image a few
rows at a time, so it is never needed in memory as one array.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import enclosing, image_box
from shared.schemas.box import Box

Pixels = npt.NDArray[np.uint8]
"""Grey (h, w), RGB (h, w, 3) or RGBA (h, w, 4)."""


@dataclass(frozen=True, slots=True, eq=False)
class Tile:
    """The pixels of one window of an image; their height and width are the window's."""

    window: Box
    pixels: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class SparseImage:
    """Tiles that do not overlap, on a background, or on zeros where that is None.

    `image` is the box of the full image; `channels` is the shape of one pixel: () for grey, (3,)
    for RGB or (4,) for RGBA.
    """

    image: Box
    channels: tuple[int, ...]
    tiles: Sequence[Tile]
    background: Pixels | None = None

    @classmethod
    def of(cls, pixels: Pixels) -> "SparseImage":
        """Wraps an array: it is the background, and there are no tiles."""
        return cls(image_box(pixels), pixels.shape[2:], (), pixels)

    @property
    def window(self) -> Box:
        """A box outside of which all pixels are zero; an empty one at the origin if all are."""
        if self.background is not None:
            return self.image
        return enclosing(tile.window for tile in self.tiles)

    def cropped(self, box: Box) -> "SparseImage":
        """The part in the box, which may extend beyond the image. Requires zeros as background."""
        shared = [(tile, tile.window.intersection(box)) for tile in self.tiles]
        tiles = [
            Tile(part.shifted(-box.x0, -box.y0), tile.pixels[part.within(tile.window)])
            for tile, part in shared
            if part.area
        ]
        return SparseImage(Box(0, 0, box.width, box.height), self.channels, tiles)

    def to_array(self) -> Pixels:
        """All pixels, in a new array."""
        return self.part(self.image)

    def part(self, box: Box) -> Pixels:
        """The pixels of a box inside the image, in a new array."""
        if self.background is None:
            pixels = np.zeros((box.height, box.width, *self.channels), np.uint8)
        else:
            pixels = self.background[box.slices].copy()
        for tile in self.tiles:
            shared = tile.window.intersection(box)
            if shared.area:
                pixels[shared.within(box)] = tile.pixels[shared.within(tile.window)]
        return pixels
