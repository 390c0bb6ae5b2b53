"""Colours as drawings use them: many light ones, white paper, black ink."""

from __future__ import annotations

import colorsys

import numpy as np

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


def grey(value: int) -> Colour:
    return value, value, value
