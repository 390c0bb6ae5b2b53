"""The outlines of a mask: closed polygons along the edges of its pixels, with holes.

They are found in the runs of the mask's RLE, so time and memory grow with the runs and the width of
the image, not with its pixels. Vertices are corners of pixels, in the coordinates of `Box`. Filling
the polygons gives exactly the mask again.

Two pixels that touch only at a corner belong to different polygons: no polygon touches itself with
its inside. So the inside is 4-connected, and a hole is 8-connected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from shared.imaging import rle
from shared.schemas.box import Box

Integers: TypeAlias = npt.NDArray[np.int64]
Ring: TypeAlias = npt.NDArray[np.int64]
"""Vertices (x, y), int64 (n, 2), n >= 4. Edges are horizontal and vertical in turn; the first one
is horizontal, and no other is higher. The outline of a part runs clockwise on the screen, that of a
hole counterclockwise. So the inside is to the right of every edge."""

_BELOW, _ABOVE = 1, -1
"""The side of a horizontal edge on which the mask is."""


@dataclass(frozen=True, slots=True, eq=False)
class Hole:
    """A hole of a part, and the place where it can be connected with another ring of the part.

    From the first vertex of `ring`, a bridge can go straight up, through the mask, to the row
    `bridge_top`. There it ends on the edge from vertex `edge` to vertex `edge` + 1 of the part's
    ring `bridge_to`: 0 is the outer ring, n the n-th hole. That ring comes before this one.
    """

    ring: Ring
    bridge_to: int
    bridge_top: int
    edge: int


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A 4-connected part of a mask: its outer ring, and its holes from top to bottom."""

    outer: Ring
    holes: tuple[Hole, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A mask as polygons. `box` and `area` (in pixels) are those of the mask.

    `parts` are in the order of their first vertices: from top to bottom, then from left to right.
    """

    parts: tuple[Part, ...]
    box: Box
    area: int


def trace(counts: str, size: tuple[int, int]) -> Outline:
    """Returns the outline of a mask in COCO's compressed form; `size` is (height, width).

    An empty mask has no parts.

    Raises:
        ValueError: The runs are malformed, or do not fit the size.
    """
    if min(size) < 1:
        raise ValueError("an image has at least one pixel")
    spans = _Spans.of(rle.runs(counts, size), size[0])
    if not spans.column.size:
        return Outline((), Box(0, 0, 0, 0), 0)
    return Outline(_parts(spans), spans.box, int((spans.bottom - spans.top).sum()))


@dataclass(frozen=True, slots=True, eq=False)
class _Spans:
    """Vertical runs of the mask's pixels, each in one column, in the order of RLE.

    Pixels (column, top) to (column, bottom - 1). Two spans of a column do not touch.
    """

    column: Integers
    top: Integers
    bottom: Integers

    @classmethod
    def of(cls, runs: rle.Runs, height: int) -> "_Spans":
        ends = np.cumsum(runs)
        changes, counts = np.unique(ends[ends < ends[-1]], return_counts=True)
        changes = changes[counts % 2 == 1]  # runs of length 0 change nothing
        if changes.size % 2:  # the mask reaches the last pixel
            changes = np.append(changes, ends[-1])
        begin, end = changes[::2], changes[1::2]
        first, last = begin // height, (end - 1) // height
        pieces = last - first + 1
        column = np.repeat(first, pieces) + _counted(pieces)
        return cls(
            column,
            np.maximum(np.repeat(begin, pieces) - column * height, 0),
            np.minimum(np.repeat(end, pieces) - column * height, height),
        )

    @property
    def box(self) -> Box:
        return Box(
            int(self.column.min()),
            int(self.top.min()),
            int(self.column.max()) + 1,
            int(self.bottom.max()),
        )


def _counted(lengths: Integers) -> Integers:
    """Returns 0, 1, …, n - 1 for each length n, one after the other."""
    starts = np.cumsum(lengths) - lengths
    return np.arange(int(lengths.sum())) - np.repeat(starts, lengths)


@dataclass(frozen=True, slots=True, eq=False)
class _Corners:
    """The corners of the outlines, one for each end of a horizontal edge, sorted by (y, x).

    Corners 2n and 2n + 1 are the left and the right end of one horizontal edge. `side` is the side
    of the edge on which the mask is. `above_or_below` is the corner at the other end of the
    vertical edge.
    """

    x: Integers
    y: Integers
    side: Integers
    above_or_below: Integers

    @classmethod
    def of(cls, spans: _Spans) -> "_Corners":
        stride = int(spans.bottom.max()) + 1
        # Upper and lower ends of spans are horizontal edges, one pixel long. Each starts at the
        # key of its left vertex, and ends one column further right.
        left = np.stack([spans.top, spans.bottom], axis=1).ravel() + np.repeat(
            spans.column * stride, 2
        )
        right = left + stride
        side = np.tile(np.array([_BELOW, _ABOVE]), spans.column.size)
        _, starts, ends = np.intersect1d(left, right, assume_unique=True, return_indices=True)
        straight = side[starts] == side[ends]
        is_start, is_end = np.ones(left.size, bool), np.ones(left.size, bool)
        is_start[starts[straight]] = False
        is_end[ends[straight]] = False
        keys = np.concatenate([left[is_start], right[is_end]])
        sides = np.concatenate([side[is_start], side[is_end]])
        is_right_end = np.repeat([False, True], [is_start.sum(), is_end.sum()])
        x, y = np.divmod(keys, stride)
        # where two edges meet in one vertex, the one that ends there comes before the next
        order = np.lexsort((~is_right_end, x, y))
        x, y, sides = x[order], y[order], sides[order]
        # Of two edges that meet in one vertex, that with the mask above it continues upwards. This
        # is what keeps pixels apart that touch at a corner.
        by_column = np.lexsort((sides, y, x))
        partner = np.empty_like(by_column)
        partner[by_column[::2]], partner[by_column[1::2]] = by_column[1::2], by_column[::2]
        return cls(x, y, sides, partner)


def _rings(corners: _Corners) -> list[list[int]]:
    """Returns the corners of each ring, in the order of `Ring`. Higher rings come first."""
    partner: list[int] = corners.above_or_below.tolist()
    below: list[bool] = (corners.side == _BELOW).tolist()
    visited = bytearray(len(partner))
    rings = []
    for first in range(0, len(partner), 2):
        if visited[first]:
            continue
        ring: list[int] = []
        corner = first
        while not visited[corner]:
            other = corner ^ 1
            visited[corner] = visited[other] = True
            ring += (corner, other)
            corner = partner[other]
        rings.append(ring if below[first] else ring[1::-1] + ring[:1:-1])
    return rings


def _parts(spans: _Spans) -> tuple[Part, ...]:
    corners = _Corners.of(spans)
    rings = _rings(corners)
    vertices = np.stack([corners.x, corners.y], axis=1)
    firsts = np.array([ring[0] for ring in rings])
    holes = np.flatnonzero(corners.side[firsts] == _ABOVE)
    bridges = _bridges(spans, corners, rings, firsts[holes])
    part_of, place_in_part = list(range(len(rings))), [0] * len(rings)
    found: dict[int, list[Hole]] = {ring: [] for ring in range(len(rings))}
    for hole, (to, top, edge) in zip(holes.tolist(), bridges.tolist(), strict=True):
        part_of[hole] = part_of[to]
        siblings = found[part_of[hole]]
        siblings.append(Hole(vertices[rings[hole]], place_in_part[to], top, edge))
        place_in_part[hole] = len(siblings)
        del found[hole]
    return tuple(Part(vertices[rings[ring]], tuple(inside)) for ring, inside in found.items())


def _bridges(
    spans: _Spans, corners: _Corners, rings: Sequence[Sequence[int]], firsts: Integers
) -> Integers:
    """Returns the bridges from the corners `firsts` of holes: ring, top, and edge, int64 (n, 3).

    Such a corner is the right end of an edge with the mask above it. So the bridge runs along the
    right side of a span, to the edge on the top of that span.
    """
    column, y = corners.x[firsts] - 1, corners.y[firsts]
    stride = int(spans.bottom.max()) + 1
    top = spans.top[np.searchsorted(spans.column * stride + spans.bottom, column * stride + y)]
    width = int(corners.x.max()) + 1
    lefts = corners.y[::2] * width + corners.x[::2]
    left = 2 * (np.searchsorted(lefts, top * width + column, side="right") - 1)
    lengths = np.array([len(ring) for ring in rings])
    in_order = np.concatenate([np.array(ring) for ring in rings])
    ring_of, place_of = np.empty_like(in_order), np.empty_like(in_order)
    ring_of[in_order] = np.repeat(np.arange(len(rings)), lengths)
    place_of[in_order] = _counted(lengths)
    # an edge has its two corners next to each other, at an even place and the one after it
    return np.stack([ring_of[left], top, place_of[left] // 2 * 2], axis=1)
