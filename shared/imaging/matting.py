"""Edges at the image's own resolution: where they run, and how much of a pixel a mask covers.

Across an edge a pixel's colour is a mixture of what lies on its two sides; how much of each it
holds is how much of it the mask covers (two-colour matting, after Wang and Cohen, "Image and video
matting: a survey", 2007, section 2). Only a thin band along the border is looked at.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import BoolMask, Image, image_box
from shared.schemas.box import Box

Alpha = npt.NDArray[np.float32]

_LEAST_CONTRAST = 24.0
"""Two sides whose RGB colours differ by less (Euclidean, of 442) show no edge to follow."""

_UNEXPLAINED = 0.15
"""A pixel farther than this from every mixture, as a share of the contrast, is of a third colour,
such as a line between the two sides: it stays as the mask has it."""

_BLOCK = 64
"""Pixels a side of what is looked at at a time."""


def lifted(image: Image, mask: BoolMask, reach: int) -> Image:
    """RGBA (h, w, 4): what the mask covers of the RGB image, its alpha how much of each pixel.

    The alpha differs from the mask only within `reach` pixels of the mask's border, and only where
    the colours on its two sides differ.
    A pixel that is covered in part shows the colour of the covered part alone: on another ground
    no halo of the old one is left. What is not covered at all is zero.
    """
    picture = np.dstack([image, np.where(mask, np.uint8(255), np.uint8(0))])
    for band in _bands(image, mask, reach):
        picture[band.rows, band.columns, 3] = (band.share * 255).round()
        mixed = (band.share > 0) & (band.share < 1)
        picture[band.rows[mixed], band.columns[mixed], :3] = band.inside[mixed].round()
    picture *= picture[..., 3:] > 0
    return picture


def sharpened(image: Image, mask: BoolMask, reach: int) -> BoolMask:
    """The mask, its border moved by at most `reach` pixels to where the image has its edge."""
    moved = mask.copy()
    for band in _bands(image, mask, reach):
        moved[band.rows, band.columns] = band.share > 0.5
    return moved


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """The n pixels along a border, in one block, that are mixtures of its two sides.

    Their places, int (n,), the inside's share in each, float32 (n,), and its RGB, float32 (n, 3).
    """

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    share: Alpha
    inside: npt.NDArray[np.float32]


def _bands(image: Image, mask: BoolMask, reach: int) -> Iterator[_Band]:
    """Block by block: most of an image has no border in it."""
    side = 2 * reach + 1
    kernel = np.ones((side, side), np.uint8)
    bits = np.pad(mask.astype(np.uint8), reach, mode="edge")
    inside = cv2.erode(bits, kernel)[reach:-reach, reach:-reach] > 0
    outside = cv2.dilate(bits, kernel)[reach:-reach, reach:-reach] == 0
    whole = image_box(image)
    for block in _blocks(whole):
        rows, columns = np.nonzero(~(inside[block.slices] | outside[block.slices]))
        if not rows.size:
            continue
        # From anywhere in the block, windows of this size see what lies on either side.
        seen = block.widened(side, side).intersection(whole)
        colours = image[seen.slices]
        places = rows + block.y0 - seen.y0, columns + block.x0 - seen.x0
        near = _mean_colour(colours, inside[seen.slices], side)[places]
        far = _mean_colour(colours, outside[seen.slices], side)[places]
        share, told = _shares(colours[places].astype(np.float32), near, far)
        yield _Band(rows[told] + block.y0, columns[told] + block.x0, share[told], near[told, :3])


def _blocks(image: Box) -> Iterator[Box]:
    for y in range(0, image.height, _BLOCK):
        for x in range(0, image.width, _BLOCK):
            yield Box(x, y, x + _BLOCK, y + _BLOCK).intersection(image)


def _shares(
    own: npt.NDArray[np.float32], near: npt.NDArray[np.float32], far: npt.NDArray[np.float32]
) -> tuple[Alpha, BoolMask]:
    """How much of the inside's colour n pixels hold, (n,), and whether that explains them, (n,).

    `own` is their RGB (n, 3); `near` and `far` are `_mean_colour` of the inside and the outside.
    """
    across = near[:, :3] - far[:, :3]
    contrast = (across**2).sum(axis=1)
    offset = own - far[:, :3]
    share = ((offset * across).sum(axis=1) / np.maximum(contrast, 1)).clip(0, 1)
    unexplained = ((offset - share[:, None] * across) ** 2).sum(axis=1)
    told = (contrast >= _LEAST_CONTRAST**2) & (near[:, 3] > 0) & (far[:, 3] > 0)
    told &= unexplained < _UNEXPLAINED**2 * contrast
    return share, told


def _mean_colour(image: Image, where: BoolMask, side: int) -> npt.NDArray[np.float32]:
    """Float32 (h, w, 4): the mean RGB of the pixels around each that are set, and their share."""
    weight = where.astype(np.float32)
    sums: npt.NDArray[np.float32] = np.asarray(
        cv2.boxFilter(
            np.dstack([image * weight[..., None], weight]).astype(np.float32),
            cv2.CV_32F,
            (2 * side + 1, 2 * side + 1),
            normalize=False,
        ),
        np.float32,
    )
    sums[..., :3] /= np.maximum(sums[..., 3:], 1)
    return sums
