"""Pictures of an image's size that are nothing, or the image itself, but for a few places.

Masks, cutouts and overlays are such. Only the places are drawn; the whole is put together a few
rows at a time, by those who write it to a file.
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
    """What is drawn in one place: pixels of the window's size."""

    window: Box
    pixels: Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Collage:
    """Tiles that do not overlap, on the ground, or on zeros where there is none.

    `image` is the whole picture's box; `channels` is what follows height and width in the shape of
    all pixels: (), (3,) or (4,).
    """

    image: Box
    channels: tuple[int, ...]
    tiles: Sequence[Tile]
    ground: Pixels | None = None

    @classmethod
    def of(cls, pixels: Pixels) -> "Collage":
        """A whole picture: ground alone."""
        return cls(image_box(pixels), pixels.shape[2:], (), pixels)

    @property
    def window(self) -> Box:
        """Outside of it all is zero. Empty, at the origin, where all is."""
        if self.ground is not None:
            return self.image
        return enclosing(tile.window for tile in self.tiles)

    @property
    def whole(self) -> Pixels:
        """The picture."""
        return self.part(self.image)

    def part(self, box: Box) -> Pixels:
        """A box of the picture, in an array of its own."""
        if self.ground is None:
            pixels = np.zeros((box.height, box.width, *self.channels), np.uint8)
        else:
            pixels = self.ground[box.slices].copy()
        for tile in self.tiles:
            shared = tile.window.intersection(box)
            if shared.area:
                pixels[shared.within(box)] = tile.pixels[shared.within(tile.window)]
        return pixels
