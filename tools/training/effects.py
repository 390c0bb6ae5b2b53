"""What printing, scanning and compression do to a complete picture: uint8 RGB (h, w, 3)."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from tools.training.palette import colour
from tools.training.recolouring import edges
from tools.training.sprite import Pixels

Effect = Callable[[Pixels, np.random.Generator], Pixels]


def with_effects(picture: Pixels, rng: np.random.Generator) -> Pixels:
    if rng.random() < 0.16:
        picture = _PRINTS[rng.integers(len(_PRINTS))](picture, rng)
    for effect, share in _OTHERS:
        if rng.random() < share:
            picture = effect(picture, rng)
    return picture


def _grey_levels(picture: Pixels) -> npt.NDArray[np.float32]:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)


def _grey(picture: Pixels, _rng: np.random.Generator) -> Pixels:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)


def _two_tone(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Sepia, blueprints, risographs: one ink on one paper."""
    share = _grey_levels(picture)[..., None] / 255
    paper, ink = rng.uniform(170, 256, 3), rng.uniform(0, 110, 3)
    if rng.random() < 0.1:
        paper, ink = ink, paper
    return np.asarray(share * paper + (1 - share) * ink, np.uint8)


def _threshold(picture: Pixels, rng: np.random.Generator) -> Pixels:
    level = np.clip(_grey_levels(picture).mean() + rng.normal(0, 25), 40, 215)
    return np.where(_grey_levels(picture)[..., None] > level, 255, 0).astype(np.uint8).repeat(3, 2)


def _posterised(picture: Pixels, rng: np.random.Generator) -> Pixels:
    step = 256 / rng.integers(2, 6)
    return np.asarray(np.minimum((picture // step + 0.5) * step, 255), np.uint8)


def _halftone(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Dots whose size follows the darkness."""
    grey = _grey_levels(picture)
    angle, period = rng.uniform(0, np.pi), rng.uniform(2.5, 6)
    y, x = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]] * (2 * np.pi / period)
    along, across = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    screen = (np.cos(along) + np.cos(across)) * 64 + 127
    light = np.clip((grey - screen) * 2 + 127, 0, 255)[..., None] / 255
    ink = colour(rng) if rng.random() < 0.3 else (0, 0, 0)
    if rng.random() < 0.5:  # colours stay, only the shadows are screened
        return np.asarray(picture * (0.6 + 0.4 * light), np.uint8)
    return np.asarray(255 * light + np.array(ink) * (1 - light), np.uint8)


def _hatching(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Strokes in the shadows, as pens and engravers make them."""
    grey = _grey_levels(picture)
    drawn = np.full(grey.shape, 255.0)
    y, x = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]]
    angle, period = rng.uniform(0, np.pi), rng.uniform(2.5, 6)
    for level in (190, 120, 60):
        stroke = np.cos((np.cos(angle) * x + np.sin(angle) * y) * 2 * np.pi / period) > 0.3
        drawn[stroke & (grey < level + rng.normal(0, 15))] = rng.uniform(0, 60)
        angle += np.pi / 3
    lines = np.clip(drawn - edges(picture, np.zeros_like(picture[..., 0])), 0, 255)
    return np.asarray(lines[..., None].repeat(3, axis=2), np.uint8)


def _outlines(picture: Pixels, rng: np.random.Generator) -> Pixels:
    lines = 255 - edges(picture, np.zeros_like(picture[..., 0]))
    drawn = lines if rng.random() < 0.85 else 255 - lines
    return np.asarray(drawn[..., None].repeat(3, axis=2), np.uint8)


_PRINTS: tuple[Effect, ...] = (
    _grey, _two_tone, _two_tone, _threshold, _posterised, _halftone, _hatching, _outlines,
)  # fmt: skip


def _tones(picture: Pixels, rng: np.random.Generator) -> Pixels:
    changed = picture * rng.uniform(0.6, 1.15) + rng.uniform(-20, 40)
    return np.asarray(np.clip(changed, 0, 255), np.uint8)


def _blurred(picture: Pixels, rng: np.random.Generator) -> Pixels:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.4)), np.uint8)


def _resampled(picture: Pixels, rng: np.random.Generator) -> Pixels:
    """Made small and enlarged again: small originals, pixel art, screenshots."""
    height, width = picture.shape[:2]
    small = int(width * rng.uniform(0.3, 0.9)), int(height * rng.uniform(0.3, 0.9))
    down = cv2.INTER_NEAREST if rng.random() < 0.25 else cv2.INTER_AREA
    up = (cv2.INTER_NEAREST, cv2.INTER_LINEAR, cv2.INTER_CUBIC)[rng.integers(3)]
    shrunk = cv2.resize(picture, small, interpolation=down)
    return np.asarray(cv2.resize(shrunk, (width, height), interpolation=up), np.uint8)


def _noisy(picture: Pixels, rng: np.random.Generator) -> Pixels:
    noise = rng.normal(0, rng.uniform(2, 16), picture.shape)
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


def _jpeg(picture: Pixels, rng: np.random.Generator) -> Pixels:
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(20, 90))]
    _, encoded = cv2.imencode(".jpg", picture, quality)
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


_OTHERS: tuple[tuple[Effect, float], ...] = (
    (_tones, 0.2), (_blurred, 0.2), (_resampled, 0.12), (_noisy, 0.1), (_jpeg, 0.2),
)  # fmt: skip
