"""Pictures of several drawings side by side, with the boxes of their faces."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.boxes import FloatBox, bounds_of, iou
from shared.networks.drawn_face import SIDE
from tools.training.backgrounds import background
from tools.training.figure import Figure, Matrix, figure_of, premultiplied, side_of
from tools.training.sources import Sources
from tools.training.sprite import FACE, Pixels, Sprite
from tools.training.targets import transformed
from tools.training.tiles import Place, placement

_SIDES = 256, 900
"""Sides of the pictures, in pixels: about those of the drawings in tools/evaluation/art."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """RGB uint8 (h, w, 3), and the boxes of its faces in pixels."""

    pixels: Pixels
    faces: tuple[FloatBox, ...]


def picture(sources: Sources, seed: int, number: int, *, with_faces: bool) -> Picture:
    """Up to six drawings side by side: objects, or faces and perhaps objects."""
    rng = np.random.default_rng((seed, number))
    width, height = rng.integers(*_SIDES, 2, endpoint=True)
    pixels = ground(rng, width, height)
    taken: list[FloatBox] = []
    faces: list[FloatBox] = []
    for index in range(rng.choice([1, 2, 3, 4, 6], p=[0.45, 0.2, 0.15, 0.1, 0.1])):
        side = min(width, height) * rng.uniform(*((0.3, 0.95) if index == 0 else (0.12, 0.5)))
        middle = rng.uniform((side / 2,) * 2, (width - side / 2, height - side / 2))
        area = np.concatenate([middle - side / 2, middle + side / 2])
        if any(iou(area, other) > 0 for other in taken):
            continue
        taken.append(area)
        is_face = with_faces and (index == 0 or rng.random() < 0.7)
        sprite = (sources.faces if is_face else sources.objects).draw(rng)
        figure, matrix = placed(sprite, side, middle, float(np.radians(rng.normal(0, 8))))
        pixels = pasted(pixels, figure, matrix)
        if is_face:
            faces += _face_boxes(figure, matrix)
    return Picture(pixels, tuple(faces))


def placed(
    sprite: Sprite, side: float, middle: npt.NDArray[np.float64], angle: float
) -> tuple[Figure, Matrix]:
    """A drawing, and the matrix that gives its longer side this length, at a place.

    `angle` turns it clockwise, in radians.
    """
    figure = figure_of(sprite, side / max(sprite.label.shape))
    height, width = figure.label.shape
    whole = np.array([0.0, 0, width, height])
    place = Place(side * side_of(whole) / max(height, width), middle)
    return figure, placement(whole, place, angle, aspect=1.0)


def _face_boxes(figure: Figure, matrix: Matrix) -> list[FloatBox]:
    hulls = [
        figure.hull(index) for index, value in enumerate(figure.classes, start=1) if value == FACE
    ]
    return [bounds_of(transformed(hull, matrix).astype(np.float32)) for hull in hulls if len(hull)]


def pasted(pixels: Pixels, figure: Figure, matrix: Matrix) -> Pixels:
    """The picture with a figure in front."""
    size = pixels.shape[1], pixels.shape[0]
    warped = cv2.warpAffine(premultiplied(figure.image), matrix, size, flags=cv2.INTER_LINEAR)
    alpha = warped[..., 3:] / 255
    return np.asarray(pixels * (1 - alpha) + warped[..., :3], np.uint8)


def ground(rng: np.random.Generator, width: int, height: int) -> Pixels:
    """Mostly white, as clip art is; else of one colour, or a background of tiles."""
    kind = rng.random()
    if kind < 0.5:
        return np.full((height, width, 3), 255, np.uint8)
    if kind < 0.75:
        return np.broadcast_to(rng.integers(0, 256, 3), (height, width, 3)).astype(np.uint8)
    drawn = cv2.resize(background(rng, SIDE), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(drawn, 0, 255), np.uint8)
