"""Outlines run along the edges of pixels: filling them gives the mask again."""

import numpy as np
import pytest
from hypothesis import given

from shared.export.bridges import chained, with_bridges
from shared.export.outlines import Part, Ring, trace
from shared.imaging.geometry import BoolMask
from tests.shared.export.masks import components, filled, masks, outline, signed_area


def _rings(part: Part) -> list[Ring]:
    return [part.outer, *(hole.ring for hole in part.holes)]


@given(masks)
def test_filling_the_outline_gives_the_mask(mask: BoolMask) -> None:
    found = outline(mask)
    rings = [ring for part in found.parts for ring in _rings(part)]
    assert (filled(rings, mask) == mask).all()
    assert found.area == np.count_nonzero(mask)
    if found.area:
        assert mask[found.box.slices].sum() == found.area
        assert mask[found.box.slices].any(axis=0)[[0, -1]].all()
        assert mask[found.box.slices].any(axis=1)[[0, -1]].all()


@given(masks)
def test_parts_and_holes_are_those_of_the_mask(mask: BoolMask) -> None:
    found = outline(mask)
    assert len(found.parts) == components(mask, connectivity=4)
    holes = components(~np.pad(mask, 1), connectivity=8) - 1
    assert sum(len(part.holes) for part in found.parts) == holes
    for part in found.parts:
        assert components(filled(_rings(part), mask), connectivity=4) == 1
        assert signed_area(part.outer) > 0
        assert all(signed_area(hole.ring) < 0 for hole in part.holes)


@given(masks)
def test_every_vertex_is_a_corner_and_the_first_edge_is_the_highest(mask: BoolMask) -> None:
    for part in outline(mask).parts:
        for ring in _rings(part):
            steps = np.roll(ring, -1, axis=0) - ring
            assert (steps[::2, 0] != 0).all()
            assert (steps[::2, 1] == 0).all()
            assert (steps[1::2, 0] == 0).all()
            assert (steps[1::2, 1] != 0).all()
            assert ring[0, 1] == ring[:, 1].min()


@given(masks)
def test_a_bridge_changes_neither_the_area_nor_what_is_filled(mask: BoolMask) -> None:
    parts = outline(mask).parts
    polygons = [with_bridges(part) for part in parts]
    for part, polygon in zip(parts, polygons, strict=True):
        assert (filled([polygon], mask) == filled(_rings(part), mask)).all()
        assert signed_area(polygon) == filled(_rings(part), mask).sum()
    if polygons:
        single = chained(polygons)
        assert (filled([single], mask) == mask).all()
        assert signed_area(single) == mask.sum()
        assert not (single != np.roll(single, -1, axis=0)).all(axis=1).any(), "an oblique edge"


@given(masks)
def test_a_bridge_to_a_hole_lies_in_the_mask(mask: BoolMask) -> None:
    for part in outline(mask).parts:
        polygon = with_bridges(part)
        vertical = polygon[:, 0] == np.roll(polygon, -1, axis=0)[:, 0]
        horizontal = polygon[:, 1] == np.roll(polygon, -1, axis=0)[:, 1]
        assert (vertical | horizontal).all()
        for hole in part.holes:
            x, bottom = hole.ring[0]
            assert mask[hole.bridge_top : bottom, x - 1].all()


def test_an_empty_mask_has_no_parts() -> None:
    found = outline(np.zeros((3, 4), bool))
    assert (found.parts, found.area, found.box.area) == ((), 0, 0)


def test_the_cost_does_not_grow_with_the_pixels() -> None:
    """A mask of 10^10 pixels is never in memory."""
    side = 100_000
    found = trace(_counts([side * 10 + 20, 30, side * side - side * 10 - 50]), (side, side))
    assert found.box == (10, 20, 11, 50)
    assert [ring.tolist() for ring in _rings(found.parts[0])] == [
        [[10, 20], [11, 20], [11, 50], [10, 50]]
    ]


def test_a_large_mask_of_noise_keeps_its_area() -> None:
    """It has 12,613 parts and 7,514 holes."""
    mask = np.random.default_rng(0).random((700, 700)) < 0.6
    found = outline(mask)
    polygons = [with_bridges(part) for part in found.parts]
    assert sum(map(signed_area, polygons)) == mask.sum()
    assert signed_area(chained(polygons)) == mask.sum()


@pytest.mark.parametrize("size", [(2, 2), (4, 4), (-3, -3), (0, 9)])
def test_runs_of_another_size_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=r"add up|at least one pixel"):
        trace(_counts([4, 1, 4]), size)


def _counts(runs: list[int]) -> str:
    """COCO's compressed string of at most three runs, by its definition, without pycocotools."""
    text = ""
    for run in runs:
        rest, more = run, True
        while more:
            bits, rest = rest & 0x1F, rest >> 5
            more = rest != (-1 if bits & 0x10 else 0)
            text += chr(48 + (bits | 0x20 if more else bits))
    return text
