"""Other colours for a figure: hues, skins, greys, line art, thicker and thinner ink."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from tools.training.figure import Figure
from tools.training.sprite import FACE, Pixels

Recolour = Callable[[Figure, np.random.Generator], Pixels]


def recoloured(figure: Figure, rng: np.random.Generator) -> Figure:
    if rng.random() < 0.2:
        figure = figure.with_image(_with_rgb(figure, _inked(_rgb(figure), rng)))
    if rng.random() < 0.3:
        return figure
    change = _CHANGES[rng.choice(len(_CHANGES), p=_SHARES)]
    return figure.with_image(_with_rgb(figure, change(figure, rng)))


def edges(rgb: Pixels, alpha: Pixels) -> npt.NDArray[np.int32]:
    """How strongly a line would be drawn at each pixel, int32 (h, w), 0 to 255."""
    kernel = np.ones((3, 3), np.uint8)
    gradient = cv2.morphologyEx(rgb, cv2.MORPH_GRADIENT, kernel).max(axis=2).astype(np.int32)
    outline = cv2.morphologyEx(alpha, cv2.MORPH_GRADIENT, kernel)
    # weak edges are shading, which line art leaves out; strong ones become full ink
    return np.clip(np.maximum(gradient * 3 - 40, outline), 0, 255)


def _hue(figure: Figure, rng: np.random.Generator) -> Pixels:
    hsv = cv2.cvtColor(_rgb(figure), cv2.COLOR_RGB2HSV).astype(np.int32)
    turn = rng.integers(-12, 13) if rng.random() < 0.5 else rng.integers(0, 180)
    hsv[..., 0] = (hsv[..., 0] + turn) % 180
    hsv[..., 1] = np.clip(hsv[..., 1] * rng.uniform(0.2, 1.5), 0, 255)
    hsv[..., 2] = np.clip(hsv[..., 2] * rng.uniform(0.6, 1.25) + rng.integers(-20, 20), 0, 255)
    return np.asarray(cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB), np.uint8)


def _skin(figure: Figure, rng: np.random.Generator) -> Pixels:
    """Another skin, also of ears and neck; eyes, hair and clothes stay."""
    rgb = _rgb(figure)
    face = rgb[figure.label == FACE]
    if not len(face):
        return _hue(figure, rng)
    skin = np.median(face, axis=0)
    distance = np.abs(rgb - skin).max(axis=2)
    near = np.clip((90 - distance) / 40, 0, 1)[..., None]
    other = rng.integers(0, 256, 3) if rng.random() < 0.6 else rng.integers(200, 256, 3)
    return np.clip(rgb + near * (other - skin), 0, 255).astype(np.uint8)


def _grey(figure: Figure, rng: np.random.Generator) -> Pixels:
    grey = cv2.cvtColor(_rgb(figure), cv2.COLOR_RGB2GRAY)[..., None] / 255
    paper, ink = rng.uniform(200, 256, 3), rng.uniform(0, 60, 3)
    tinted = grey * paper + (1 - grey) * ink
    return np.asarray((tinted if rng.random() < 0.4 else grey.repeat(3, axis=2) * 255), np.uint8)


def _channels(figure: Figure, rng: np.random.Generator) -> Pixels:
    return np.ascontiguousarray(_rgb(figure)[..., rng.permutation(3)])


def _line_art(figure: Figure, rng: np.random.Generator) -> Pixels:
    rgb = _rgb(figure)
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    solid = 0 if rng.random() < 0.6 else rng.integers(40, 120)
    drawn = np.where(grey < solid, 0, 255) - edges(rgb, _alpha(figure))
    if rng.random() < 0.15:
        drawn = 255 - np.clip(drawn, 0, 255)
    paper = rng.uniform(0.7, 1, 3) if rng.random() < 0.3 else np.ones(3)
    return np.asarray(np.clip(drawn, 0, 255)[..., None] * paper, np.uint8)


def _gamma(figure: Figure, rng: np.random.Generator) -> Pixels:
    return np.asarray(255 * (_rgb(figure) / 255) ** rng.uniform(0.5, 2, 3), np.uint8)


def _negative(figure: Figure, _rng: np.random.Generator) -> Pixels:
    return np.asarray(255 - _rgb(figure), np.uint8)


_CHANGES: tuple[Recolour, ...] = (_hue, _skin, _line_art, _grey, _gamma, _channels, _negative)
_SHARES = (0.38, 0.2, 0.2, 0.1, 0.06, 0.04, 0.02)


def _inked(rgb: Pixels, rng: np.random.Generator) -> Pixels:
    """Dark lines one pixel thicker or thinner."""
    kernel = np.ones((2, 2), np.uint8)
    change = cv2.erode if rng.random() < 0.6 else cv2.dilate
    return np.asarray(change(rgb, kernel), np.uint8)


def _rgb(figure: Figure) -> Pixels:
    return np.ascontiguousarray(figure.image[..., :3])


def _alpha(figure: Figure) -> Pixels:
    return np.ascontiguousarray(figure.image[..., 3])


def _with_rgb(figure: Figure, rgb: Pixels) -> Pixels:
    return np.dstack([rgb, figure.image[..., 3]])
