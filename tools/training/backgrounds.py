"""What is behind the figures of a tile: each function draws float32 (side, side, 3), 0 to 255."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from tools.training.palette import Colour, colour, grey, pixel

Picture = npt.NDArray[np.float32]


def background(rng: np.random.Generator, side: int) -> Picture:
    draw = _KINDS[rng.choice(len(_KINDS), p=_SHARES)]
    return np.clip(draw(rng, side), 0, 255)


def _flat(rng: np.random.Generator, side: int) -> Picture:
    return np.full((side, side, 3), colour(rng), np.float32)


def _gradient(rng: np.random.Generator, side: int) -> Picture:
    share = _along(rng, side)
    share = (share - share.min()) / np.ptp(share)
    return _mixed(colour(rng), colour(rng), share)


def _stripes(rng: np.random.Generator, side: int) -> Picture:
    return _mixed(colour(rng), colour(rng), _along(rng, side) // rng.uniform(3, 40) % 2)


def _dots(rng: np.random.Generator, side: int) -> Picture:
    step, radius = rng.uniform(4, 24), rng.uniform(0.15, 0.5)
    x, y = _along(rng, side) / step % 1 - 0.5, _along(rng, side) / step % 1 - 0.5
    return _mixed(colour(rng), colour(rng), (x**2 + y**2 < radius**2).astype(np.float32))


def _shapes(rng: np.random.Generator, side: int) -> Picture:
    picture = _flat(rng, side)
    palette = [colour(rng) for _ in range(rng.integers(2, 6))]
    for _ in range(rng.integers(2, 16)):
        middle, size = rng.integers(-5, side + 5, 2), rng.integers(2, 28, 2)
        paint = palette[rng.integers(len(palette))]
        width = -1 if rng.random() < 0.7 else int(rng.integers(1, 4))
        if rng.random() < 0.6:
            radii = size if rng.random() < 0.4 else size[[0, 0]]
            cv2.ellipse(picture, pixel(middle), pixel(radii), 0, 0, 360, paint, width, cv2.LINE_AA)
        else:
            cv2.rectangle(picture, pixel(middle), pixel(middle + size), paint, width)
    return picture


def _lines(rng: np.random.Generator, side: int) -> Picture:
    picture = _flat(rng, side)
    ink = grey(0) if rng.random() < 0.6 else colour(rng)
    for _ in range(rng.integers(3, 25)):
        points = rng.integers(-10, side + 10, (int(rng.integers(2, 5)), 2)).astype(np.int32)
        cv2.polylines(picture, [points], False, ink, int(rng.integers(1, 4)), cv2.LINE_AA)
    return picture


def _writing(rng: np.random.Generator, side: int) -> Picture:
    picture = _flat(rng, side).astype(np.uint8)  # the only type on which OpenCV 5 writes
    for _ in range(rng.integers(1, 7)):
        letters = "".join(chr(code) for code in rng.integers(33, 123, int(rng.integers(1, 9))))
        where = pixel(rng.integers(-10, side, 2))
        font, size = int(rng.integers(0, 8)), rng.uniform(0.3, 3)
        ink, width = colour(rng), int(rng.integers(1, 4))
        cv2.putText(picture, letters, where, font, size, ink, width, cv2.LINE_AA)
    return picture.astype(np.float32)


def _photograph(rng: np.random.Generator, side: int) -> Picture:
    """Noise at all scales, as blurred objects of a photograph have it."""
    picture = _flat(rng, side) * 0.5 + 64
    strength = rng.uniform(20, 90)
    for cells in (2, 4, 8, 16, 32):
        noise = rng.normal(0, 1, (cells, cells, 3)).astype(np.float32)
        if rng.random() < 0.5:
            noise[:] = noise[..., :1]
        smooth = cv2.INTER_NEAREST if rng.random() < 0.1 else cv2.INTER_CUBIC
        picture += np.asarray(cv2.resize(noise, (side, side), interpolation=smooth)) * strength
        strength *= rng.uniform(0.35, 0.8)
    return picture


def _paper(rng: np.random.Generator, side: int) -> Picture:
    tone = np.array(grey(int(rng.integers(200, 256))), np.float32) * rng.uniform(0.85, 1, 3)
    fibres = rng.normal(0, rng.uniform(3, 25), (side, side, 1)).astype(np.float32)
    stains = cv2.resize(rng.normal(0, 10, (4, 4)).astype(np.float32), (side, side))
    soft = cv2.GaussianBlur(fibres, (0, 0), rng.uniform(0.5, 1.5))
    return np.asarray(tone + soft[..., None] + stains[..., None], np.float32)


def _landscape(rng: np.random.Generator, side: int) -> Picture:
    horizon = rng.uniform(0.2, 0.9) * side
    rows = np.mgrid[0:side, 0:side][0].astype(np.float32)
    picture = _mixed(colour(rng), colour(rng), np.clip(rows / horizon, 0, 1))
    if rng.random() < 0.4:
        middle = pixel(rng.integers(0, side, 2))
        cv2.circle(picture, middle, int(rng.integers(4, 18)), colour(rng), -1, cv2.LINE_AA)
    for layer in range(rng.integers(1, 4)):
        base = horizon + layer * rng.uniform(2, 16)
        heights = base - rng.uniform(0, 30, int(rng.integers(3, 9)))
        xs = np.linspace(0, side, len(heights))
        outline = [(0, side), *zip(xs, heights, strict=True), (side, side)]
        cv2.fillPoly(picture, [np.array(outline, np.int32)], colour(rng), cv2.LINE_AA)
    for _ in range(rng.integers(0, 5)):
        _house_or_tree(picture, rng, horizon)
    return picture


def _house_or_tree(picture: Picture, rng: np.random.Generator, horizon: float) -> None:
    x, y = int(rng.integers(0, len(picture))), int(horizon + rng.integers(-5, 20))
    size = int(rng.integers(6, 24))
    if rng.random() < 0.5:
        cv2.rectangle(picture, (x, y - size), (x + size, y), colour(rng), -1)
        pane = max(1, size // 5)
        for left in (x + pane, x + 3 * pane):
            cv2.rectangle(
                picture, (left, y - 4 * pane), (left + pane, y - 3 * pane), colour(rng), -1
            )
    else:
        cv2.line(picture, (x, y), (x, y - size), colour(rng), max(1, size // 6))
        cv2.circle(picture, (x, y - size), size // 2 + 1, colour(rng), -1, cv2.LINE_AA)


def _painting(rng: np.random.Generator, side: int) -> Picture:
    """Short strokes of related colours."""
    picture = _photograph(rng, side)
    for _ in range(rng.integers(20, 60)):
        x, y = rng.integers(0, side, 2)
        tone = picture[y, x] + rng.normal(0, 15, 3)
        end = (x + rng.integers(-14, 15), y + rng.integers(-8, 9))
        paint = tuple(float(value) for value in tone)
        cv2.line(picture, (x, y), end, paint, int(rng.integers(1, 7)), cv2.LINE_AA)
    return picture


def _along(rng: np.random.Generator, side: int) -> Picture:
    """The distance along a random direction, float32 (side, side)."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    return np.asarray(np.cos(angle) * x + np.sin(angle) * y, np.float32)


def _mixed(first: Colour, second: Colour, share: Picture) -> Picture:
    part = share[..., None]
    mixed = np.array(first, np.float32) * (1 - part) + np.array(second, np.float32) * part
    return np.asarray(mixed, np.float32)


_KINDS = (
    _flat, _gradient, _stripes, _dots, _shapes, _lines, _writing, _photograph, _paper,
    _landscape, _painting,
)  # fmt: skip
_SHARES = (0.2, 0.08, 0.05, 0.04, 0.13, 0.06, 0.07, 0.13, 0.07, 0.09, 0.08)
