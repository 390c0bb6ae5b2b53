"""Points, smooth curves through them, and path data for SVG."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
"""(n, 2): x right, y down."""


def points(*pairs: tuple[float, float]) -> Points:
    return np.array(pairs, float)


def ellipse(across: float = 1.0, down: float = 1.0, count: int = 24) -> Points:
    """An ellipse around the origin with these semi-axes."""
    angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
    return np.stack([across * np.cos(angle), down * np.sin(angle)], axis=1)


def arc(
    start: float, end: float, across: float = 1.0, down: float = 1.0, count: int = 14
) -> Points:
    """A part of an ellipse, from one angle to another, in degrees; 0 is right, 90 is down."""
    angle = np.radians(np.linspace(start, end, count))
    return np.stack([across * np.cos(angle), down * np.sin(angle)], axis=1)


def turned(shape: Points, degrees: float) -> Points:
    """Turns around the origin, clockwise."""
    angle = np.radians(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    return shape @ np.array([[cosine, sine], [-sine, cosine]])


def smooth(through: Points, *, closed: bool = True) -> str:
    """Path data of a Catmull-Rom spline, as cubic Bezier segments.

    Control points are a sixth of the neighbours' distance away: E. Catmull and R. Rom, "A class of
    local interpolating splines", 1974, in its uniform form.
    """
    count = len(through)
    before = np.roll(through, 1, axis=0)
    after = np.roll(through, -1, axis=0)
    if not closed:
        before[0], after[-1] = through[0], through[-1]
    tangents = (after - before) / 6
    parts = [f"M{_pair(through[0])}"]
    for index in range(count if closed else count - 1):
        following = (index + 1) % count
        first = through[index] + tangents[index]
        second = through[following] - tangents[following]
        parts.append(f"C{_pair(first)} {_pair(second)} {_pair(through[following])}")
    return "".join(parts) + ("Z" if closed else "")


def straight(corners: Points, *, closed: bool = True) -> str:
    """Path data of a polygon or a polyline."""
    return "M" + "L".join(_pair(corner) for corner in corners) + ("Z" if closed else "")


def joined(parts: Sequence[Points]) -> Points:
    return np.concatenate(parts)


def _pair(point: Points) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
