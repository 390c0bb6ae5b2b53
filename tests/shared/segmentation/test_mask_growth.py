"""Growing and shrinking masks, compared with distances between all pairs of pixels."""

import math
import tracemalloc
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.imaging.geometry import BoolMask, polygon_mask
from shared.schemas.amounts import Amount
from shared.schemas.box import Box
from shared.segmentation import mask_growth, masks
from shared.segmentation.mask_growth import grow
from shared.segmentation.masks import Mask
from tools.support.shapes import ellipse

IMAGE = Box(0, 0, 40, 30)
FAR = 10.0**6


def _mask(pixels: BoolMask) -> Mask:
    """Returns the mask in a window that ends close to it."""
    ys, xs = np.nonzero(pixels)
    window = Box(xs.min(), ys.min(), xs.max() + 1, ys.max() + 1) if xs.size else Box(0, 0, 1, 1)
    return Mask(window, pixels[window.slices])


def _whole(mask: Mask, image: Box = IMAGE) -> BoolMask:
    return masks.covered([mask], image)


def _disc(x: float, y: float, radius: float, image: Box = IMAGE) -> BoolMask:
    return polygon_mask(ellipse(x, y, radius, radius), image)


@st.composite
def separate(draw: st.DrawFn) -> list[Mask]:
    """Masks without overlaps, of which some may be empty or lie at the image's border."""
    free = np.ones((IMAGE.height, IMAGE.width), bool)
    found = []
    for _ in range(draw(st.integers(1, 3))):
        x, y = draw(st.integers(-4, 44)), draw(st.integers(-4, 34))
        pixels = _disc(x, y, draw(st.integers(1, 9))) & free
        free &= ~pixels
        found.append(_mask(pixels))
    return found


amounts = st.builds(
    Amount, st.one_of(st.integers(-12, 12), st.sampled_from([0.5, 1.5, -2.5])), st.booleans()
).map(lambda amount: Amount(amount.number * 4, True) if amount.is_percent else amount)


def _distances(pixels: BoolMask) -> npt.NDArray[np.float64]:
    """The distance of each pixel of the image to the nearest one that is set."""
    places = np.argwhere(pixels)
    if not len(places):
        return np.full(pixels.shape, FAR)
    grid = np.argwhere(np.ones_like(pixels))[:, None]
    squares = ((grid - places) ** 2).sum(axis=-1).min(axis=1)
    return np.asarray(np.sqrt(squares), np.float64).reshape(pixels.shape)


def _expected(originals: Sequence[Mask], amount: Amount) -> list[BoolMask]:
    distances = np.stack([_distances(_whole(mask)) for mask in originals])
    nearest = distances.argmin(axis=0)
    expected = []
    for index, mask in enumerate(originals):
        radius = abs(amount.pixels(math.sqrt(mask.area)))
        if amount.number >= 0:
            expected.append((nearest == index) & (distances[index] <= radius + 1e-9))
            continue
        depths = np.where(_whole(mask), _distances(~_whole(mask)), 0)
        kept = depths > radius + 1e-9
        expected.append(kept if kept.any() else (depths == depths.max()) & _whole(mask))
    return expected


@pytest.mark.parametrize("tile", [7, 1024])
@given(originals=separate(), amount=amounts)
def test_a_mask_ends_where_the_distance_says_whatever_tiles_there_are(
    tile: int, originals: list[Mask], amount: Amount
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mask_growth, "_TILE", tile)
        grown = [_whole(mask) for mask in grow(originals, amount, IMAGE)]
    for one, expected in zip(grown, _expected(originals, amount), strict=True):
        assert (one == expected).all()


@given(originals=separate(), amount=amounts)
def test_grown_masks_contain_and_shrunk_masks_lie_in_the_original_and_none_overlap(
    originals: list[Mask], amount: Amount
) -> None:
    changed = grow(originals, amount, IMAGE)
    assert np.sum([_whole(mask) for mask in changed], axis=0).max() <= 1
    for before, after in zip(originals, changed, strict=True):
        assert after.window.intersection(IMAGE) == after.window
        larger, smaller = (after, before) if amount.number >= 0 else (before, after)
        assert (_whole(larger) >= _whole(smaller)).all()
        assert bool(after.area) == bool(before.area)


@given(
    originals=separate(),
    numbers=st.lists(st.integers(-40, 40), min_size=2, max_size=2),
    is_percent=st.booleans(),
)
def test_a_greater_amount_never_takes_a_pixel_away(
    originals: list[Mask], numbers: list[int], is_percent: bool
) -> None:
    low, high = (Amount(number, is_percent) for number in sorted(numbers))
    pairs = zip(grow(originals, low, IMAGE), grow(originals, high, IMAGE), strict=True)
    assert all((_whole(larger) >= _whole(smaller)).all() for smaller, larger in pairs)


@given(originals=separate(), is_percent=st.booleans())
def test_an_amount_of_nothing_changes_nothing(originals: list[Mask], is_percent: bool) -> None:
    assert grow(originals, Amount(0, is_percent), IMAGE) == originals


def test_the_innermost_pixels_of_a_mask_remain() -> None:
    (left,) = grow([_mask(_disc(20, 15, 9))], Amount(-400), IMAGE)
    ys, xs = np.nonzero(_whole(left))
    assert 0 < len(xs) <= 4
    assert abs(xs.mean() - 19.5) <= 0.5
    assert abs(ys.mean() - 14.5) <= 0.5


def test_the_border_of_the_image_is_not_an_edge_that_shrinks() -> None:
    half = np.zeros((30, 40), bool)
    half[:, :20] = True
    (shrunk,) = grow([_mask(half)], Amount(-3), IMAGE)
    assert shrunk.bounds == Box(0, 0, 17, 30)


def test_the_radius_has_a_limit_that_per_cent_cannot_pass() -> None:
    image = Box(0, 0, 6000, 20)
    dot = np.zeros((20, 6000), bool)
    dot[:, :200] = True
    many = Mask(Box(0, 0, 200, 20), dot[:, :200])
    (grown,) = grow([many], Amount(5000, is_percent=True), image)
    assert grown.bounds == Box(0, 0, 700, 20)


def test_memory_does_not_grow_with_the_image() -> None:
    """Distances take 4 bytes a pixel and more; all masks together take one."""
    image = Box(0, 0, 8000, 6000)
    large = Mask(image, polygon_mask(ellipse(4000, 3000, 3000, 2500), image))
    large.bounds  # noqa: B018 - cached
    tracemalloc.start()
    try:
        for amount in (Amount(20), Amount(-20)):
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            (changed,) = grow([large], amount, image)
            assert tracemalloc.get_traced_memory()[1] - before < 2 * image.area
            assert changed.area != large.area
    finally:
        tracemalloc.stop()
