"""Colours as drawings use them, many light ones, white paper, black ink; and points."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np
import numpy.typing as npt

Colour = tuple[int, int, int]

WHITE: Colour = (255, 255, 255)


def colour(rng: np.random.Generator) -> Colour:
    kind = rng.random()
    if kind < 0.15:
        return WHITE
    if kind < 0.25:
        return grey(int(rng.integers(0, 50)))
    if kind < 0.32:
        return grey(int(rng.integers(50, 250)))
    hue, saturation, value = rng.random(), rng.uniform(0.1, 1), rng.uniform(0.35, 1)
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return int(red * 255), int(green * 255), int(blue * 255)


def pixel(point: npt.NDArray[Any]) -> tuple[int, int]:
    """A point (x, y) as OpenCV's functions that draw take it."""
    return int(point[0]), int(point[1])


def grey(value: int) -> Colour:
    return value, value, value
