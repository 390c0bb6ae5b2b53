"""What looks like a face at first sight and is none.

Heads with only a part of their features are not here: two eyes alone, or a mouth under a hat, are
faces in many styles.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from tools.training.figure import Figure
from tools.training.palette import colour, grey, pixel
from tools.training.sprite import FACE, UNKNOWN, Pixels

SIDE = 96
"""Pixels of a drawn decoy: it fills a tile."""

Draw = Callable[[Pixels, np.random.Generator], None]


def drawn(rng: np.random.Generator) -> Figure:
    """A drawn object of few circles and lines."""
    image = np.zeros((SIDE, SIDE, 4), np.uint8)
    _OBJECTS[rng.integers(len(_OBJECTS))](image, rng)
    empty = np.zeros((SIDE, SIDE), np.uint8)
    return Figure(image, empty, empty, ())


def silhouette(figure: Figure, rng: np.random.Generator) -> Figure:
    """The head without features, or the complete figure in one colour."""
    image = figure.image.copy()
    if rng.random() < 0.5:
        image[..., :3] = grey(int(rng.integers(0, 60))) if rng.random() < 0.6 else colour(rng)
    else:
        face = cv2.dilate((figure.regions > 0).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        image[face, :3] = np.median(image[face][:, :3], axis=0) if face.any() else 0
    return _faceless(figure, image)


def scrambled(figure: Figure, rng: np.random.Generator) -> Figure:
    """The face cut into nine parts, which change places."""
    image = figure.image.copy()
    hull = figure.hull(1).astype(int)
    (left, top), (right, bottom) = hull.min(axis=0), hull.max(axis=0)
    height, width = (bottom - top) // 3, (right - left) // 3
    if not (height and width):
        return silhouette(figure, rng)
    # a cycle through all of them: no part stays, so no face is left in the middle
    order = rng.permutation(9)
    for here, there in zip(order, np.roll(order, 1), strict=True):
        to_y, to_x = top + here // 3 * height, left + here % 3 * width
        from_y, from_x = top + there // 3 * height, left + there % 3 * width
        image[to_y : to_y + height, to_x : to_x + width] = figure.image[
            from_y : from_y + height, from_x : from_x + width
        ]
    return _faceless(figure, image)


def fragment(figure: Figure, rng: np.random.Generator) -> Figure:
    """A small round part of a face: an eye, a nose, a corner of the mouth."""
    hull = figure.hull(1)
    low, high = hull.min(axis=0), hull.max(axis=0)
    middle = low + (high - low) * rng.uniform(0.2, 0.8, 2)
    radius = (high - low).min() * rng.uniform(0.12, 0.24)
    keep = np.zeros_like(figure.label)
    cv2.circle(keep, pixel(middle), max(2, int(radius)), (255,), -1, cv2.LINE_AA)
    image = figure.image.copy()
    image[..., 3] = np.minimum(image[..., 3], keep)
    around = slice(*_window(middle[1], radius)), slice(*_window(middle[0], radius))
    cut = np.ascontiguousarray(image[around])
    empty = np.zeros(cut.shape[:2], np.uint8)
    return Figure(cut, empty, empty, ())


def _window(middle: float, radius: float) -> tuple[int, int]:
    first = max(0, int(middle - radius - 1))
    return first, max(first + 2, int(middle + radius + 2))


def _faceless(figure: Figure, image: Pixels) -> Figure:
    """The mask of such a head is not asked for; that it is no face is."""
    label = np.where(figure.label == FACE, UNKNOWN, figure.label).astype(np.uint8)
    return Figure(image, label, np.zeros_like(label), ())


def _paint(rng: np.random.Generator) -> tuple[int, int, int, int]:
    return *colour(rng), 255


def _disc(
    image: Pixels, middle: tuple[float, float], radius: float, rng: np.random.Generator
) -> None:
    """A disc; `middle` and `radius` are shares of the side."""
    centre = int(middle[0] * SIDE), int(middle[1] * SIDE)
    size = max(1, int(radius * SIDE))
    cv2.circle(image, centre, size, _paint(rng), -1, cv2.LINE_AA)
    if rng.random() < 0.5:
        cv2.circle(image, centre, size, (0, 0, 0, 255), int(rng.integers(1, 4)), cv2.LINE_AA)


def _eye(image: Pixels, rng: np.random.Generator) -> None:
    radii = int(SIDE * 0.45), int(SIDE * rng.uniform(0.15, 0.45))
    centre = SIDE // 2, SIDE // 2
    cv2.ellipse(image, centre, radii, 0, 0, 360, (255, 255, 255, 255), -1, cv2.LINE_AA)
    cv2.ellipse(
        image, centre, radii, 0, 0, 360, (0, 0, 0, 255), int(rng.integers(1, 5)), cv2.LINE_AA
    )
    iris = radii[1] * rng.uniform(0.5, 0.95)
    _disc(image, (0.5, 0.5), iris / SIDE, rng)
    cv2.circle(image, centre, max(1, int(iris / 2)), (0, 0, 0, 255), -1, cv2.LINE_AA)


def _circles(image: Pixels, rng: np.random.Generator) -> None:
    """Two circles side by side, or up to four anywhere."""
    if rng.random() < 0.5:
        height, radius = rng.uniform(0.3, 0.7), rng.uniform(0.05, 0.2)
        for x in (0.28, 0.72):
            _disc(image, (x, height), radius, rng)
    else:
        for _ in range(rng.integers(1, 5)):
            x, y = rng.uniform(0.2, 0.8, 2)
            _disc(image, (x, y), rng.uniform(0.04, 0.2), rng)


def _three_dots(image: Pixels, rng: np.random.Generator) -> None:
    """In a row or pointing up: pointing down, they would be two eyes and a mouth."""
    radius = rng.uniform(0.04, 0.12)
    middle = 0.5 if rng.random() < 0.6 else 0.25
    for x, y in ((0.2, 0.5), (0.5, middle), (0.8, 0.5)):
        _disc(image, (x, y), radius, rng)


def _ball(image: Pixels, rng: np.random.Generator) -> None:
    _disc(image, (0.5, 0.5), 0.45, rng)
    centre = SIDE // 2, SIDE // 2
    for _ in range(rng.integers(0, 6)):
        radii = tuple(int(size) for size in rng.integers(4, 46, 2))
        turn = float(rng.uniform(0, 360))
        cv2.ellipse(image, centre, radii, turn, 0, 360, _paint(rng), 2, cv2.LINE_AA)
    if rng.random() < 0.5:
        cv2.ellipse(image, (34, 30), (12, 7), -40, 0, 360, (255, 255, 255, 255), -1, cv2.LINE_AA)


def _clock(image: Pixels, rng: np.random.Generator) -> None:
    _disc(image, (0.5, 0.5), 0.46, rng)
    ink = _paint(rng) if rng.random() < 0.4 else (0, 0, 0, 255)
    for angle in np.arange(12) * np.pi / 6:
        direction = np.array([np.cos(angle), np.sin(angle)])
        inner, outer = pixel(48 + direction * 36), pixel(48 + direction * 42)
        cv2.line(image, inner, outer, ink, 2, cv2.LINE_AA)
    for length in (20, 32):
        angle = rng.uniform(0, 2 * np.pi)
        tip = int(48 + np.cos(angle) * length), int(48 + np.sin(angle) * length)
        cv2.line(image, (48, 48), tip, ink, int(rng.integers(2, 5)), cv2.LINE_AA)


def _wheel(image: Pixels, rng: np.random.Generator) -> None:
    for radius in np.sort(rng.uniform(0.05, 0.47, int(rng.integers(2, 5))))[::-1]:
        _disc(image, (0.5, 0.5), float(radius), rng)
    for _ in range(rng.integers(0, 7)):
        angle = rng.uniform(0, 2 * np.pi)
        tip = int(48 + np.cos(angle) * 40), int(48 + np.sin(angle) * 40)
        cv2.line(image, (48, 48), tip, _paint(rng), 2, cv2.LINE_AA)


def _box(image: Pixels, rng: np.random.Generator) -> None:
    """A box with rows of windows, knobs or drawers."""
    cv2.rectangle(image, (6, int(rng.integers(4, 40))), (90, 92), _paint(rng), -1)
    rows, columns = rng.integers(1, 5, 2)
    paint = _paint(rng)
    for row in range(rows):
        for column in range(columns):
            x, y = 14 + column * 76 // columns, 46 + row * 44 // rows
            cv2.rectangle(image, (x, y), (x + 50 // columns, y + 28 // rows), paint, -1)


def _blob(image: Pixels, rng: np.random.Generator) -> None:
    angles = np.linspace(0, 2 * np.pi, int(rng.integers(5, 14)), endpoint=False)
    reach = rng.uniform(18, 46, len(angles))
    points = np.stack([48 + np.cos(angles) * reach, 48 + np.sin(angles) * reach], 1)
    cv2.fillPoly(image, [points.astype(np.int32)], _paint(rng), cv2.LINE_AA)
    if rng.random() < 0.5:
        cv2.polylines(image, [points.astype(np.int32)], True, (0, 0, 0, 255), 3, cv2.LINE_AA)


_OBJECTS: tuple[Draw, ...] = (
    _eye, _circles, _three_dots, _ball, _clock, _wheel, _box, _blob,
)  # fmt: skip
