"""The surface of a head in space, as points: skin, hair or a hat, ears, a nose that stands out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.training.procedural.chance import Rng, around_zero, between, chance, weighted

Floats = npt.NDArray[np.floating[Any]]


class Part(IntEnum):
    """What a point belongs to."""

    NONE = 0
    SKIN = 1
    HAIR = 2
    HAT = 3
    BEARD = 4
    EAR = 5
    NOSE = 6


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Points (n, 3): x right, y down, z to the viewer, in about the head's half height. Their parts
    (n,), and the face points (n, 2) that they show: longitude and latitude in radians.
    """

    points: Floats
    parts: npt.NDArray[np.uint8]
    chart: Floats

    def turned(self, yaw: float, pitch: float) -> Surface:
        """Turned to the right and downwards, in radians."""
        cosine, sine = np.cos(yaw), np.sin(yaw)
        around = np.array([[cosine, 0, sine], [0, 1, 0], [-sine, 0, cosine]])
        cosine, sine = np.cos(pitch), np.sin(pitch)
        nod = np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]])
        return Surface(self.points @ (nod @ around).T, self.parts, self.chart)


@dataclass(frozen=True, slots=True)
class Features:
    """Latitudes of the face's features, in radians, downwards."""

    eyes: float
    nose: float
    mouth: float


_LONGITUDES, _LATITUDES = 720, 420
"""Points of the grid. Neighbours are then closer than a pixel on most heads."""


def random_surface(rng: Rng, features: Features, *, creature: bool) -> Surface:
    longitude, latitude = np.meshgrid(
        np.linspace(-np.pi, np.pi, _LONGITUDES, endpoint=False, dtype=np.float32),
        np.linspace(-np.pi / 2, np.pi / 2, _LATITUDES, dtype=np.float32),
    )
    aside = np.abs(longitude)
    radius = _skull(rng, longitude, latitude, features, creature=creature)
    parts = np.full(radius.shape, Part.SKIN, np.uint8)
    nose = _nose(rng, longitude, latitude, features)
    radius += nose
    if chance(rng, 0.18):
        edge = features.mouth - between(rng, 0.0, 0.5) * np.clip(aside / 1.2, 0, 1)
        beard = (latitude > edge + 0.12) & (aside < 1.5)
        parts[beard] = Part.BEARD
        radius += beard * between(rng, 0.02, 0.3) * np.clip((latitude - edge) / 0.5, 0.2, 1)
    covered, rise = _covered(rng, aside, latitude, features, parts)
    radius += rise
    directions = np.stack(
        [
            np.sin(longitude) * np.cos(latitude),
            np.sin(latitude),
            np.cos(longitude) * np.cos(latitude),
        ],
        axis=-1,
    )
    wide, deep = between(rng, 0.6, 1.05), between(rng, 0.75, 1.1)
    taper = between(rng, -0.1, 0.35)
    shape = directions * radius[..., None]
    narrow = 1 - taper * np.clip(shape[..., 1], -1.2, 1.2)
    shape = shape * np.stack([wide * narrow, np.ones_like(narrow), deep * narrow], axis=-1)
    head = Surface(
        shape.reshape(-1, 3),
        np.where(covered, covered, parts).astype(np.uint8).ravel(),
        np.stack([longitude, latitude], axis=-1).reshape(-1, 2),
    )
    balls = []
    if chance(rng, 0.75):
        at, size = np.array([wide * 0.98, between(rng, -0.1, 0.15), -0.05]), between(rng, 0.1, 0.26)
        for side in (-1, 1):
            ear = size * np.array([between(rng, 0.3, 0.7), 1.0, 0.7])
            balls.append(_ball(at * np.array([side, 1.0, 1.0]), ear, Part.EAR))
    if chance(rng, 0.3):
        size = between(rng, 0.08, 0.26)
        tip = head.points[np.argmin(np.abs(head.chart - (0, features.nose - 0.04)).sum(axis=1))]
        balls.append(_ball(tip, size * np.array([1, between(rng, 0.8, 1.1), 1]), Part.NOSE))
    everything = [head, *balls]
    return Surface(
        np.concatenate([one.points for one in everything]),
        np.concatenate([one.parts for one in everything]),
        np.concatenate([one.chart for one in everything]),
    )


def _bump(longitude: Floats, latitude: Floats, at: tuple[float, float], spread: float) -> Floats:
    x, y = (longitude - at[0]) * np.cos(latitude), latitude - at[1]
    return np.asarray(np.exp(-(x * x + y * y) / (2 * spread * spread)))


def _skull(
    rng: Rng, longitude: Floats, latitude: Floats, features: Features, *, creature: bool
) -> Floats:
    """The radius of a bald head without a nose."""

    def bump(x: float, y: float, spread: float) -> Floats:
        return _bump(longitude, latitude, (x, y), spread)

    radius = np.ones_like(longitude)
    radius += between(rng, -0.12, 0.3) * bump(0, 1.0, between(rng, 0.15, 0.3))  # chin
    radius += between(rng, 0, 0.1) * bump(0, features.eyes - 0.18, 0.25)  # brows
    radius += between(rng, -0.1, 0.12) * bump(0, -0.75, 0.4)  # forehead
    radius += between(rng, 0, 0.1) * bump(0, features.mouth, 0.14)  # lips
    cheeks, jaw = between(rng, -0.02, 0.16), between(rng, -0.1, 0.15)
    socket = between(rng, 0, 0.1)
    for side in (-1, 1):
        radius += cheeks * bump(side * 0.65, features.nose + 0.1, 0.25)
        radius += jaw * bump(side * 1.2, 0.7, 0.35)
        radius -= socket * bump(side * 0.38, features.eyes, 0.16)
    if creature and chance(rng, 0.45):
        radius += between(rng, 0.15, 0.6) * bump(0, features.mouth - 0.05, between(rng, 0.25, 0.4))
    # the nape
    back = 1 / (1 + np.exp(-(np.abs(longitude) - 2.0) * 5)) / (1 + np.exp(-(latitude - 0.35) * 6))
    return np.asarray(radius - between(rng, 0.1, 0.3) * back)


def _nose(rng: Rng, longitude: Floats, latitude: Floats, features: Features) -> Floats:
    """Rises from between the eyes to its tip, and falls steeply below it."""
    kind = weighted(rng, {"small": 0.35, "large": 0.4, "huge": 0.25})
    length = {
        "small": between(rng, 0.06, 0.16),
        "large": between(rng, 0.16, 0.4),
        "huge": between(rng, 0.4, 0.7),
    }[kind]
    bridge, below = features.eyes + around_zero(rng, 0.06), between(rng, 0.05, 0.14)
    slope = np.clip((latitude - bridge) / max(features.nose - bridge, 0.08), 0, 1)
    fall = np.clip((features.nose + below - latitude) / below, 0, 1)
    wide = between(rng, 0.07, 0.16) * (0.6 + 0.4 * slope)
    across = np.exp(-((longitude / wide) ** 2) / 2)
    return np.asarray(length * slope ** between(rng, 0.7, 2.0) * fall**0.6 * across)


def _covered(
    rng: Rng, aside: Floats, latitude: Floats, features: Features, parts: npt.NDArray[np.uint8]
) -> tuple[npt.NDArray[np.uint8], Floats]:
    """Where hair and hats are (0 elsewhere), and how far they stand out."""
    covered, rise = np.zeros_like(parts), np.zeros_like(latitude)
    line = features.eyes - between(rng, 0.2, 0.6)
    if chance(rng, 0.78):
        temple, back = between(rng, -0.3, 0.4), between(rng, 0.3, 1.3)
        corner = between(rng, 0.5, 1.0)
        heights = [line, line - around_zero(rng, 0.1), temple, temple - 0.15, back]
        hairline = np.interp(aside, [0, corner, corner + 0.35, 1.55, 2.2], heights)
        if chance(rng, 0.15):  # a wreath around a bald crown
            bald = between(rng, -0.7, -0.2) - np.clip(aside - 1, 0, 1) * 0.2
            hair = (latitude < hairline) & (latitude > bald) & (aside > 1.0)
        else:
            hair = latitude < hairline
        covered[hair] = Part.HAIR
        depth = np.clip((hairline - latitude) / 0.2, 0, 1)
        lumps = 1 + 0.4 * np.sin(aside * between(rng, 2, 14)) * np.sin(
            latitude * between(rng, 2, 14)
        )
        rise = hair * depth * lumps * between(rng, 0.02, 0.28)
    kind = weighted(rng, {"none": 0.66, "cap": 0.12, "hat": 0.08, "helmet": 0.08, "hood": 0.06})
    if kind == "none":
        return covered, rise
    edge = line + between(rng, -0.1, 0.12)
    limit = edge + 0 * aside
    if kind in ("helmet", "hood"):
        limit = np.interp(aside, [0, 0.8, 1.1, 3.2], [edge, edge, between(rng, 0.2, 1.2), 1.3])
    hat = latitude < limit
    covered[hat] = Part.HAT
    rise = np.where(hat, between(rng, 0.04, 0.14), rise)
    if kind == "hat":
        rise += hat * between(rng, 0.1, 0.7) * np.clip((edge - latitude) / 0.6, 0, 1)
    if kind in ("cap", "hat"):
        brim = between(rng, 0.2, 0.7) * np.exp(-(((latitude - edge + 0.04) / 0.035) ** 2))
        rise += hat * brim * (np.clip(np.cos(aside), 0, 1) if kind == "cap" else 1)
    return covered, rise


def _ball(middle: Floats, radii: Floats, part: Part) -> Surface:
    longitude, latitude = np.meshgrid(np.linspace(-np.pi, np.pi, 180), np.linspace(-1.57, 1.57, 90))
    x, y = np.sin(longitude) * np.cos(latitude), np.sin(latitude)
    z = np.cos(longitude) * np.cos(latitude)
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3) * radii + middle
    return Surface(points, np.full(len(points), part, np.uint8), np.zeros((len(points), 2)))
