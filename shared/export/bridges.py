"""Joins the rings of an outline to one polygon, for formats that know no holes and no parts.

The rings are connected by bridges of width zero, which the polygon passes once in each direction.
They change neither the area nor what is filled, by the even-odd rule and by the nonzero rule.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from shared.export.outlines import Part, Ring


def with_bridges(part: Part) -> Ring:
    """Returns a part as one polygon, int64 (n, 2). The bridges to its holes lie in the mask."""
    rings = [part.outer.tolist(), *(hole.ring.tolist() for hole in part.holes)]
    holes_at = _holes_at(part, rings)

    def steps(ring: int) -> Iterator[list[int] | int]:
        """Yields the vertices of a ring and, where a bridge begins, the number of its hole."""
        for edge, vertex in enumerate(rings[ring]):
            yield vertex
            for hole in holes_at.get((ring, edge), ()):
                bridge = [rings[hole][0][0], part.holes[hole - 1].bridge_top]
                yield bridge
                yield hole
                yield bridge
        if ring:
            yield rings[ring][0]

    polygon: list[list[int]] = []
    open_rings = [steps(0)]
    while open_rings:
        step = next(open_rings[-1], None)
        if step is None:
            open_rings.pop()
        elif isinstance(step, int):
            open_rings.append(steps(step))
        elif not polygon or polygon[-1] != step:  # a bridge may end in a corner
            polygon.append(step)
    return np.array(polygon, np.int64)


def _holes_at(part: Part, rings: Sequence[list[list[int]]]) -> dict[tuple[int, int], list[int]]:
    """Returns the holes whose bridges end on an edge, by its ring and number, in its direction."""
    holes_at: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, hole in enumerate(part.holes, 1):
        holes_at[hole.bridge_to, hole.edge].append(number)
    for (ring, edge), holes in holes_at.items():
        (start, _), (end, _) = rings[ring][edge], rings[ring][edge + 1]
        holes.sort(key=lambda number: rings[number][0][0], reverse=start > end)
    return holes_at


def chained(polygons: Sequence[Ring]) -> Ring:
    """Returns one polygon of all, int64 (n, 2): each is connected with the one before it.

    As `merge_multi_segment` of Ultralytics: https://docs.ultralytics.com/reference/data/converter.
    It draws a straight line between the two nearest vertices. Here, a bridge goes along rows and
    columns: on an oblique one, rounding may fill a pixel on the way there and not on the way back.
    And it starts at the nearest vertex to the first one of the next polygon, and ends at the
    nearest one to that: the nearest pair takes time proportional to the product of the vertices.
    """
    there, back = [], []
    entry = 0
    for polygon, following in zip(polygons, [*polygons[1:], None], strict=True):
        closed = np.concatenate([polygon[entry:], polygon[: entry + 1]])
        if following is None:
            there.append(closed)
            break
        leave = _nearest(closed, following[0])
        entry = _nearest(following, closed[leave])
        corner = np.array([[following[entry, 0], closed[leave, 1]]])
        there += [closed[: leave + 1], corner]
        back += [closed[leave:], corner]
    return np.concatenate(there + back[::-1])


def _nearest(polygon: Ring, vertex: Ring) -> int:
    return int(((polygon - vertex) ** 2).sum(axis=1).argmin())
