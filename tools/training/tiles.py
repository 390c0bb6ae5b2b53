"""Composes tiles: a figure or several, in front of a background, and what covers them.

Each tile is a function of the seed and its number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.imaging.boxes import FloatBox, mirrored_box
from shared.networks.drawn_face import FACE_SIDES, SIDE
from tools.training import decoys, deformation, foregrounds, recolouring, shading
from tools.training.backgrounds import background
from tools.training.canvas import Canvas
from tools.training.effects import with_effects
from tools.training.figure import Figure, Matrix, figure_of, side_of
from tools.training.sources import Sources
from tools.training.sprite import Sprite
from tools.training.targets import IGNORED_SIDES, TILE

Scene = Callable[[Canvas, Sources, np.random.Generator], None]
Decoy = Callable[[Figure, np.random.Generator], Figure]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a box gets to in a tile, and how large it gets."""

    side: float
    middle: npt.NDArray[np.float64]


def tile(sources: Sources, seed: int, number: int) -> npt.NDArray[np.void]:
    """One record of TILE."""
    rng = np.random.default_rng((seed, number))
    scene = _SCENES[rng.choice(len(_SCENES), p=_SHARES)]
    return _composed(scene, sources, rng)


def face_tile(sources: Sources, seed: int, number: int) -> npt.NDArray[np.void]:
    """A tile with a face to find in its middle."""
    return _composed(_face, sources, np.random.default_rng((seed, number)))


def faceless_tile(sources: Sources, seed: int, number: int) -> npt.NDArray[np.void]:
    """A tile with nothing to find."""
    rng = np.random.default_rng((seed, number))
    return _composed(_decoy if rng.random() < 0.4 else _objects, sources, rng)


def _composed(scene: Scene, sources: Sources, rng: np.random.Generator) -> npt.NDArray[np.void]:
    canvas = Canvas(background(rng, SIDE))
    if sources.objects and rng.random() < 0.25:
        _paste_object(canvas, sources, rng, rng.uniform(60, 260))
    scene(canvas, sources, rng)
    if rng.random() < 0.15:
        foregrounds.cover(canvas, rng)
    result = np.zeros((), TILE)
    picture = np.asarray(np.clip(canvas.picture, 0, 255), np.uint8)
    result["image"] = with_effects(picture, rng)
    canvas.write_targets(result)
    return result


def _face(canvas: Canvas, sources: Sources, rng: np.random.Generator) -> None:
    """The face that the tile is about, mostly in the middle, as proposals are."""
    if sources.objects and rng.random() < 0.25:
        _paste_object(canvas, sources, rng, rng.uniform(20, 60))
    sprite = sources.faces.draw(rng)
    place = Place(log_uniform(rng, *FACE_SIDES), _middle(rng))
    _paste(canvas, sprite, main_box(sprite.faces, rng), place, rng)
    if sources.objects and rng.random() < 0.1:
        _paste_object(canvas, sources, rng, rng.uniform(10, 32))


def _hand(canvas: Canvas, sources: Sources, rng: np.random.Generator) -> None:
    if not sources.hands:
        return _face(canvas, sources, rng)
    sprite = sources.hands.draw(rng)
    place = Place(log_uniform(rng, *FACE_SIDES), _middle(rng))
    return _paste(canvas, sprite, main_box(sprite.hands, rng), place, rng)


def _close_up(canvas: Canvas, sources: Sources, rng: np.random.Generator) -> None:
    """A part of a large face, which is none at this scale."""
    sprite = sources.faces.draw(rng)
    place = Place(log_uniform(rng, IGNORED_SIDES[1], 190), rng.uniform(-10, SIDE + 10, 2))
    _paste(canvas, sprite, main_box(sprite.faces, rng), place, rng)


def _distant_crowd(canvas: Canvas, sources: Sources, rng: np.random.Generator) -> None:
    """Faces that a finer scale finds."""
    for _ in range(rng.integers(1, 9)):
        sprite = sources.faces.draw(rng)
        place = Place(log_uniform(rng, 9, IGNORED_SIDES[0]), rng.uniform(0, SIDE, 2))
        _paste(canvas, sprite, main_box(sprite.faces, rng), place, rng)


def _crowd(canvas: Canvas, sources: Sources, rng: np.random.Generator) -> None:
    """Faces side by side, of about one size; some overlap."""
    side = log_uniform(rng, FACE_SIDES[0], 46)
    step = side * rng.uniform(1.15, 1.9)
    offset = rng.uniform(-step / 2, step / 2, 2)
    for row in range(-1, int(SIDE / step) + 1):
        for column in range(-1, int(SIDE / step) + 1):
            if rng.random() < 0.3:
                continue
            sprite = sources.faces.draw(rng)
            middle = offset + (np.array([column, row]) + 0.5 + rng.normal(0, 0.08, 2)) * step
            place = Place(side * float(np.exp(rng.normal(0, 0.1))), middle)
            _paste(canvas, sprite, main_box(sprite.faces, rng), place, rng)


def _decoy(canvas: Canvas, sources: Sources, rng: np.random.Generator) -> None:
    """Something that resembles a face."""
    if rng.random() < 0.35:
        figure = decoys.drawn(rng)
        paste_figure(
            canvas, figure, _whole(figure), Place(log_uniform(rng, 20, 90), _middle(rng)), rng
        )
        return
    sprite = sources.faces.draw(rng)
    box, side = main_box(sprite.faces, rng), log_uniform(rng, *FACE_SIDES)
    figure = figure_of(sprite, side / max(side_of(box), 1))
    if not len(figure.hull(1)):
        return
    make: Decoy = (decoys.silhouette, decoys.scrambled, decoys.fragment)[rng.integers(3)]
    figure = recolouring.recoloured(figure, rng)
    whole = make(figure, rng)
    size = side if make is decoys.fragment else side * _size_of_figure(figure)
    paste_figure(canvas, whole, _whole(whole), Place(size, _middle(rng)), rng)


def _objects(canvas: Canvas, sources: Sources, rng: np.random.Generator) -> None:
    """Up to three things that are no faces; sometimes only the background."""
    for _ in range(rng.integers(0, 4)):
        if sources.objects:
            _paste_object(canvas, sources, rng, log_uniform(rng, 20, 160))
        else:
            _decoy(canvas, sources, rng)


_SCENES: tuple[Scene, ...] = (_face, _hand, _crowd, _close_up, _distant_crowd, _decoy, _objects)
_SHARES = (0.43, 0.13, 0.09, 0.06, 0.06, 0.1, 0.13)


def _paste_object(canvas: Canvas, sources: Sources, rng: np.random.Generator, side: float) -> None:
    sprite = sources.objects.draw(rng)
    figure = figure_of(sprite, side / max(sprite.label.shape))
    figure = recolouring.recoloured(figure, rng)
    paste_figure(canvas, figure, _whole(figure), Place(side, rng.uniform(0, SIDE, 2)), rng)


def _paste(
    canvas: Canvas,
    sprite: Sprite,
    box: FloatBox,
    place: Place,
    rng: np.random.Generator,
) -> None:
    """Pastes a sprite so that `box` of it is at the place."""
    paste_figure(canvas, *varied_figure(sprite, box, place.side, rng), place, rng)


def varied_figure(
    sprite: Sprite, box: FloatBox, side: float, rng: np.random.Generator
) -> tuple[Figure, FloatBox]:
    """The sprite with other colours, light and shape, for a tile in which `box` has this side.

    Also returns where the box is in the figure.
    """
    figure = recolouring.recoloured(figure_of(sprite, side / max(side_of(box), 1)), rng)
    if rng.random() < 0.25:
        figure = shading.shaded(figure, rng)
    box = box * (figure.label.shape[1] / sprite.label.shape[1])
    if rng.random() < 0.5:
        figure = deformation.mirrored(figure)
        box = mirrored_box(box, figure.label.shape[1])
    if rng.random() < 0.35:
        figure = deformation.deformed(figure, rng)
    return figure, box


def paste_figure(
    canvas: Canvas,
    figure: Figure,
    box: FloatBox,
    place: Place,
    rng: np.random.Generator,
) -> None:
    angle = _tilt(rng)
    matrix = placement(box, place, angle, aspect=float(np.exp(rng.normal(0, 0.1))))
    canvas.paste(figure, matrix, angle)


def placement(box: FloatBox, place: Place, angle: float, aspect: float) -> Matrix:
    """The affine transform (2, 3) that brings a box to a place.

    `angle` turns clockwise, in radians; `aspect` stretches the figure's width before it is turned.
    """
    scale = place.side / max(side_of(box), 1)
    cosine, sine = np.cos(angle), np.sin(angle)
    linear = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([scale * aspect, scale / aspect])
    # OpenCV's coordinates are those of pixel centres, half a pixel less than a box's
    shift = (place.middle - 0.5) - linear @ ((box[:2] + box[2:]) / 2 - 0.5)
    return np.column_stack([linear, shift])


def _tilt(rng: np.random.Generator) -> float:
    """Most heads are upright, some lie, and a few stand on their heads."""
    kind = rng.random()
    if kind < 0.75:
        degrees = rng.normal(0, 12)
    else:
        degrees = rng.uniform(-60, 60) if kind < 0.9 else rng.uniform(-180, 180)
    return float(np.radians(degrees))


def log_uniform(rng: np.random.Generator, smallest: float, largest: float) -> float:
    return float(np.exp(rng.uniform(np.log(smallest), np.log(largest))))


def _middle(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    if rng.random() < 0.6:
        return rng.normal(SIDE / 2, 9, 2)
    return rng.uniform(14, SIDE - 14, 2)


def main_box(boxes: tuple[FloatBox, ...], rng: np.random.Generator) -> FloatBox:
    return boxes[rng.integers(len(boxes))]


def _whole(figure: Figure) -> FloatBox:
    height, width = figure.label.shape
    return np.array([0.0, 0.0, width, height])


def _size_of_figure(figure: Figure) -> float:
    """How much larger a figure is than its first face."""
    hull = figure.hull(1)
    extent = np.maximum(np.ptp(hull, axis=0), 1)
    return float(np.sqrt(figure.label.size / extent.prod()))
