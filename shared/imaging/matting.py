"""Alpha matting: refines a mask's border at the resolution of the image.

At an edge, a pixel's colour is a mixture of the colours on the two sides. The share of the inside's
colour is the pixel's alpha (two-colour matting, after Wang and Cohen, "Image and video matting: a
survey", 2007, section 2). Only a thin band along the mask's border is processed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import BoolMask, Image, image_box
from shared.imaging.sparse_image import Pixels
from shared.schemas.box import Box

Alpha = npt.NDArray[np.float32]

_MIN_CONTRAST = 24.0
"""Minimum Euclidean distance of the two sides' RGB colours, of at most 442. For similar colours the
share is unreliable. A lower value follows noise, a higher one ignores faint edges. Chosen by
hand."""

_MAX_RESIDUAL = 0.15
"""Maximum distance of a pixel's colour from the mixtures, as a share of the contrast. A pixel
beyond it has a third colour, such as a line between the two sides, and keeps its mask value. A
lower value leaves more pixels unrefined, a higher one blends lines. Chosen by hand."""

_BLOCK = 64
"""Side of a block, in pixels. Blocks without a border are skipped: smaller ones skip more and cost
more per block. Chosen by hand."""

_FEATHER_SIGMAS = 3.5
"""Radius of a feather in standard deviations of its Gaussian, as in GIMP (gimp_gegl_apply_feather).
With a lower value the edge ends abruptly, with a higher one it is narrower than its radius."""


def extract_foreground(image: Image, mask: BoolMask, reach: int) -> Image:
    """Cuts the masked part out of an RGB uint8 (h, w, 3) image, as RGBA uint8 (h, w, 4).

    The alpha differs from the bool (h, w) mask only within `reach` pixels of its border, and only
    where the colours on the two sides differ. Partly covered pixels get the colour of the inside,
    so they leave no halo on another background. Pixels of alpha 0 are zero.
    """
    picture = np.dstack([image, np.where(mask, np.uint8(255), np.uint8(0))])
    for band in _bands(image, mask, reach):
        picture[band.rows, band.columns, 3] = (band.share * 255).round()
        mixed = (band.share > 0) & (band.share < 1)
        picture[band.rows[mixed], band.columns[mixed], :3] = band.inside[mixed].round()
    picture *= picture[..., 3:] > 0
    return picture


def feather(picture: Pixels, radius: int) -> Pixels:
    """Softens the edge of a cutout, RGBA uint8 (h, w, 4), by `radius` pixels on each side.

    Alpha gets a Gaussian blur; the picture's border is not an edge. A pixel that was hidden gets
    the mean colour of the visible ones around it, so the edge leaves no halo on another background.
    Pixels of alpha 0 are zero.
    """
    alpha = _blurred(picture[..., 3], radius)
    softened = np.dstack([picture[..., :3], alpha])
    visible = picture[..., 3] > 0
    full = image_box(picture)
    for block in _blocks(full, max(_BLOCK, 2 * radius)):
        rows, columns = np.nonzero((alpha[block.slices] > 0) & ~visible[block.slices])
        if not rows.size:
            continue
        context = block.widened(radius, radius).intersection(full)
        colours = _mean_colour(picture[context.slices][..., :3], visible[context.slices], radius)
        found = colours[rows + block.y0 - context.y0, columns + block.x0 - context.x0, :3]
        softened[rows + block.y0, columns + block.x0, :3] = found.round()
    softened *= softened[..., 3:] > 0
    return softened


def _blurred(alpha: Pixels, radius: int) -> Pixels:
    side = 2 * radius + 1
    return np.asarray(
        cv2.GaussianBlur(
            alpha, (side, side), radius / _FEATHER_SIGMAS, borderType=cv2.BORDER_REPLICATE
        ),
        np.uint8,
    )


def refine_mask(image: Image, mask: BoolMask, reach: int) -> BoolMask:
    """Moves a bool (h, w) mask's border to edges of the RGB image, by at most `reach` pixels."""
    refined = mask.copy()
    for band in _bands(image, mask, reach):
        refined[band.rows, band.columns] = band.share > 0.5
    return refined


@dataclass(frozen=True, slots=True, eq=False)
class _Band:
    """The n pixels along a border, in one block, that are mixtures of the two sides' colours.

    `rows` and `columns`, int (n,), are their positions, `share`, float32 (n,), the share of the
    inside's colour, 0..1, and `inside`, float32 (n, 3), that colour in RGB.
    """

    rows: npt.NDArray[np.intp]
    columns: npt.NDArray[np.intp]
    share: Alpha
    inside: npt.NDArray[np.float32]


def _bands(image: Image, mask: BoolMask, reach: int) -> Iterator[_Band]:
    """Yields a band for each block that the border crosses: most blocks have none."""
    side = 2 * reach + 1
    kernel = np.ones((side, side), np.uint8)
    bits = np.pad(mask.astype(np.uint8), reach, mode="edge")
    inside = cv2.erode(bits, kernel)[reach:-reach, reach:-reach] > 0
    outside = cv2.dilate(bits, kernel)[reach:-reach, reach:-reach] == 0
    full = image_box(image)
    for block in _blocks(full, _BLOCK):
        rows, columns = np.nonzero(~(inside[block.slices] | outside[block.slices]))
        if not rows.size:
            continue
        # The context that the mean colours around the block's pixels depend on.
        context = block.widened(side, side).intersection(full)
        colours = image[context.slices]
        positions = rows + block.y0 - context.y0, columns + block.x0 - context.x0
        near = _mean_colour(colours, inside[context.slices], side)[positions]
        far = _mean_colour(colours, outside[context.slices], side)[positions]
        share, is_mixture = _shares(colours[positions].astype(np.float32), near, far)
        yield _Band(
            rows[is_mixture] + block.y0,
            columns[is_mixture] + block.x0,
            share[is_mixture],
            near[is_mixture, :3],
        )


def _blocks(image: Box, side: int) -> Iterator[Box]:
    for y in range(0, image.height, side):
        for x in range(0, image.width, side):
            yield Box(x, y, x + side, y + side).intersection(image)


def _shares(
    own: npt.NDArray[np.float32], near: npt.NDArray[np.float32], far: npt.NDArray[np.float32]
) -> tuple[Alpha, BoolMask]:
    """Shares of the inside's colour, float32 (n,), and whether pixels are mixtures, bool (n,).

    `own` is the pixels' RGB, (n, 3); `near` and `far`, (n, 4), are `_mean_colour` of the inside and
    of the outside.
    """
    across = near[:, :3] - far[:, :3]
    contrast = (across**2).sum(axis=1)
    offset = own - far[:, :3]
    share = ((offset * across).sum(axis=1) / np.maximum(contrast, 1)).clip(0, 1)
    residual = ((offset - share[:, None] * across) ** 2).sum(axis=1)
    is_mixture = (contrast >= _MIN_CONTRAST**2) & (near[:, 3] > 0) & (far[:, 3] > 0)
    is_mixture &= residual < _MAX_RESIDUAL**2 * contrast
    return share, is_mixture


def _mean_colour(image: Image, mask: BoolMask, side: int) -> npt.NDArray[np.float32]:
    """Mean RGB of the set pixels around each pixel, and their number: float32 (h, w, 4).

    The neighbourhood is a square that extends `side` pixels in each direction.
    """
    weight = mask.astype(np.float32)
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
