"""The pictures of a result: which there are, and what is drawn on each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from shared import masks, png, rendering
from shared.collage import Collage
from shared.documents import InstanceFiles, Outputs
from shared.geometry import Box, Image, disjoint
from shared.masking import Segmented
from shared.masks import Mask
from shared.room import Room

_ROOM = Room(12_000_000)
"""Pixels that are being drawn and encoded in this process, at some 12 bytes each."""

_ENCODED = 0.25
"""What a pixel may take in a file, over what it takes while it is drawn."""

_ROOM_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture by its name in the upload's folder, drawn when it is asked for.

    `pixels` is how many of them are drawn: what lies around them costs next to nothing.
    """

    name: str
    pixels: int
    draw: Callable[[], Collage]

    def encoded(self) -> bytes:
        """As PNG. Large ones wait for one another.

        Raises:
            Transient: they take too long.
        """
        with _ROOM.taking(self.pixels, _ROOM_SECONDS):
            return png.encode(self.draw())


def pictures(image: Image, segmented: Sequence[Segmented]) -> list[Picture]:
    """All pictures of one upload, mask.png first."""
    whole, outputs = Box.of_image(image), Outputs()
    drawn = [
        rendering.Drawn(one.prompt.id, one.prompt.label, one.mask, one.box) for one in segmented
    ]
    everyone = [one.mask for one in segmented]
    shown = _drawn_for(everyone) + round(whole.area * _ENCODED)
    found = [
        *_mask_and_cutout(outputs, image, everyone),
        Picture(outputs.overlay, shown, partial(rendering.overlay, image, drawn)),
    ]
    for one in segmented:
        found += _mask_and_cutout(one.files, image, [one.mask])
    return found


def _mask_and_cutout(
    files: Outputs | InstanceFiles, image: Image, shown: Sequence[Mask]
) -> list[Picture]:
    whole, drawn = Box.of_image(image), _drawn_for(shown)
    return [
        Picture(files.mask, drawn, partial(masks.union, shown, whole)),
        Picture(files.cutout, drawn, partial(rendering.cutout, image, shown)),
    ]


def _drawn_for(shown: Sequence[Mask]) -> int:
    return sum(region.area for region in disjoint(masks.bounds(shown)))
