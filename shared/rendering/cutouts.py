"""Draws cutouts: what masks show of an RGB uint8 image (h, w, 3), on transparent ground."""

from collections.abc import Sequence

from shared.imaging.geometry import Image, disjoint, image_box
from shared.imaging.matting import extract_foreground, feather
from shared.imaging.sparse_image import Pixels, SparseImage, Tile
from shared.schemas.box import Box
from shared.segmentation.masks import Mask, bounds, covered

_SOFT_EDGE = 1
"""Distance from a mask's border, in pixels, within which alpha may be partial without a feather.
Drawing programs anti-alias an edge over about the same distance."""


def cutout(image: Image, selected: Sequence[Mask], feathering: int, box: Box) -> SparseImage:
    """Returns an RGBA image of the box: the RGB image inside the masks, transparent elsewhere.

    The border is anti-aliased, or soft for `feathering` pixels on each side. Hidden pixels are
    zero, so the file reveals nothing behind its alpha and compresses well. The box may extend
    beyond the image.
    """
    tiles = [
        Tile(region, _foreground(image, selected, region, feathering))
        for region in regions(selected, feathering, image_box(image))
    ]
    return SparseImage(image_box(image), (4,), tiles).cropped(box)


def regions(selected: Sequence[Mask], feathering: int, image: Box) -> list[Box]:
    """Returns the parts of the image that are drawn for a cutout. They do not overlap."""
    margin = 4 * _SOFT_EDGE + feathering  # the distance from a border that matting reads
    return disjoint(box.widened(margin, margin).intersection(image) for box in bounds(selected))


def _foreground(image: Image, selected: Sequence[Mask], region: Box, feathering: int) -> Pixels:
    sharp = extract_foreground(image[region.slices], covered(selected, region), _SOFT_EDGE)
    return feather(sharp, feathering) if feathering else sharp
