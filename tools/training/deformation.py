"""Changes of a figure's shape. Image, label and regions change together."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from tools.training.figure import Figure, premultiplied, unpremultiplied
from tools.training.sprite import Pixels

Grid = npt.NDArray[np.float32]


def mirrored(figure: Figure) -> Figure:
    image, label, regions = (
        np.ascontiguousarray(pixels[:, ::-1])
        for pixels in (figure.image, figure.label, figure.regions)
    )
    return Figure(image, label, regions, figure.classes)


def deformed(figure: Figure, rng: np.random.Generator) -> Figure:
    """An elastic deformation; often a part swells or shrinks, as noses and cheeks do."""
    height, width = figure.label.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    # up to 3% of the figure: more tears thin outlines apart
    amplitude = rng.uniform(0.003, 0.03) * max(height, width)
    waves = rng.normal(0, 1, (2, 5, 5)).astype(np.float32) * amplitude
    dx, dy = (cv2.resize(wave, (width, height), interpolation=cv2.INTER_CUBIC) for wave in waves)
    if rng.random() < 0.6:
        bulge_x, bulge_y = _bulge(figure, x, y, rng)
        dx, dy = dx - bulge_x, dy - bulge_y
    map_x, map_y = x + dx, y + dy

    def moved(pixels: Pixels, interpolation: int) -> Pixels:
        return np.asarray(cv2.remap(pixels, map_x, map_y, interpolation), np.uint8)

    image = moved(premultiplied(figure.image), cv2.INTER_LINEAR)
    label = moved(figure.label, cv2.INTER_NEAREST)
    regions = moved(figure.regions, cv2.INTER_NEAREST)
    return Figure(unpremultiplied(image), label, regions, figure.classes)


def _bulge(figure: Figure, x: Grid, y: Grid, rng: np.random.Generator) -> tuple[Grid, Grid]:
    hull = figure.hull(1)
    if len(hull):
        (left, top), (right, bottom) = hull.min(axis=0), hull.max(axis=0)
    else:
        left, top, right, bottom = 0, 0, x.shape[1], x.shape[0]
    centre_x = left + (right - left) * rng.uniform(0.2, 0.8)
    centre_y = top + (bottom - top) * rng.uniform(0.2, 0.85)
    radius = max(right - left, 4) * rng.uniform(0.1, 0.22)
    strength = rng.uniform(-0.35, 0.55)
    away_x, away_y = x - np.float32(centre_x), y - np.float32(centre_y)
    near = np.exp(-(away_x**2 + away_y**2) / np.float32(2 * radius**2)) * np.float32(strength)
    return away_x * near, away_y * near
