"""Light and texture on a figure, for drawings that are not flat."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from tools.training.figure import Figure

Layer = npt.NDArray[np.float32]


def shaded(figure: Figure, rng: np.random.Generator) -> Figure:
    height, width = figure.label.shape
    light = _soft(height, width, rng) + _slope(height, width, rng)
    if rng.random() < 0.3:
        light = light + _rim(figure, rng)
    if rng.random() < 0.35:
        light = light + _brush(height, width, rng)
    image = figure.image.copy()
    image[..., :3] = np.clip(figure.image[..., :3] + light[..., None], 0, 255)
    return figure.with_image(image)


def _soft(height: int, width: int, rng: np.random.Generator) -> Layer:
    patches = rng.normal(0, rng.uniform(8, 40), (4, 4)).astype(np.float32)
    soft = cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(soft, np.float32)


def _slope(height: int, width: int, rng: np.random.Generator) -> Layer:
    angle, strength = rng.uniform(0, 2 * np.pi), rng.uniform(0, 60)
    y, x = np.ogrid[-0.5 : 0.5 : height * 1j, -0.5 : 0.5 : width * 1j]
    return np.asarray((np.cos(angle) * x + np.sin(angle) * y) * strength, np.float32)


def _rim(figure: Figure, rng: np.random.Generator) -> Layer:
    """Light or shadow along the outline, as airbrushes and 3D renderers make it."""
    solid = (figure.image[..., 3] > 127).astype(np.uint8)
    depth = cv2.distanceTransform(solid, cv2.DIST_L2, 3)
    reach = max(solid.shape) * rng.uniform(0.02, 0.12)
    return np.asarray(np.exp(-depth / reach) * rng.uniform(-90, 90), np.float32)


def _brush(height: int, width: int, rng: np.random.Generator) -> Layer:
    """Noise that is longer in one direction, as strokes are."""
    noise = rng.normal(0, rng.uniform(15, 60), (height, width)).astype(np.float32)
    along, across = rng.uniform(1.5, 5), rng.uniform(0.4, 1.2)
    if rng.random() < 0.5:
        along, across = across, along
    return np.asarray(cv2.GaussianBlur(noise, (0, 0), along, sigmaY=across), np.float32)
