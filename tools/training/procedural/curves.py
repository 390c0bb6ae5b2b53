"""Points, and path data for SVG: smooth curves and polygons through them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
"""(n, 2): x right, y down."""

Point = tuple[float, float]


def points(*pairs: Point) -> Points:
    return np.array(pairs, float)


def joined(*parts: Points) -> Points:
    return np.concatenate(parts)


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


def moved(shape: Points, right: float, down: float) -> Points:
    return shape + np.array([right, down])


def scaled(shape: Points, across: float, down: float) -> Points:
    return shape * np.array([across, down])


def turned(shape: Points, degrees: float) -> Points:
    """Turns around the origin, clockwise."""
    angle = np.radians(degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.asarray(shape @ np.array([[cosine, sine], [-sine, cosine]]))


def extent(shape: Points) -> float:
    """The longer side of the box around a shape."""
    return float(np.ptp(shape, axis=0).max())


def remainder(outline: Points, shifted: Points) -> str:
    """Path data of all that is far around `shifted`, for the fill rule evenodd. Clipped to the
    outline, it is the crescent that the shifted shape leaves free.
    """
    middle = outline.mean(axis=0)
    return smooth((outline - middle) * 3 + middle) + smooth(shifted)


def smooth(through: Points) -> str:
    """Path data of a closed curve."""
    before, after = np.roll(through, 1, axis=0), np.roll(through, -1, axis=0)
    return _spline(np.concatenate([through, through[:1]]), (after - before) / 6) + "Z"


def curve(through: Points) -> str:
    """Path data of an open curve."""
    before, after = np.roll(through, 1, axis=0), np.roll(through, -1, axis=0)
    before[0], after[-1] = through[0], through[-1]
    return _spline(through, (after - before) / 6)


def polygon(corners: Points) -> str:
    return polyline(corners) + "Z"


def polyline(corners: Points) -> str:
    return "M" + "L".join(_pair(corner) for corner in corners)


def _spline(through: Points, tangents: Points) -> str:
    """Path data of a Catmull-Rom spline, as cubic Bezier segments.

    Control points are a sixth of the neighbours' distance away: E. Catmull and R. Rom, "A class of
    local interpolating splines", 1974, in its uniform form.
    """
    parts = [f"M{_pair(through[0])}"]
    for index in range(len(through) - 1):
        first = through[index] + tangents[index]
        second = through[index + 1] - tangents[(index + 1) % len(tangents)]
        parts.append(f"C{_pair(first)} {_pair(second)} {_pair(through[index + 1])}")
    return "".join(parts)


def _pair(point: Points) -> str:
    return f"{point[0]:.1f},{point[1]:.1f}"
