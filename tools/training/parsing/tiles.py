"""Composes tiles: one person's head in the middle, others and objects around it.

Only the parts of that person are asked for. Each tile is a function of the seed and its number.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shared.networks.face_parsing import FACE_SIDES, PARTS, SIDE
from tools.training import foregrounds
from tools.training.backgrounds import background
from tools.training.canvas import Canvas
from tools.training.effects import with_effects
from tools.training.figure import Figure
from tools.training.sources import Pool, Sources
from tools.training.sprite import BACKGROUND, BEARD, EAR, FACE, HAIR, UNKNOWN, Pixels, Sprite
from tools.training.tiles import Place, log_uniform, main_box, paste_figure, varied_figure

MASK = SIDE // 2
MASK_FULL = 4
"""A pixel of a mask counts the four pixels of the tile under it that show the part."""

TILE = np.dtype(
    [("image", np.uint8, (SIDE, SIDE, 3)), ("parts", np.uint8, (len(PARTS), MASK, MASK))]
)
"""A tile with the masks of the parts, UNKNOWN where they count neither way."""

_OTHER = 254
"""In the label of a person without `parts`: no skin. Whether it is hair is not known."""

_FACELESS = 0.12
"""Share of the tiles without a face in the middle: nothing, a thing or a hand. Without them, the
network would see a face wherever it is asked for one."""

_VALUES = {"skin": FACE, "hair": HAIR, "beard": BEARD, "ears": EAR}


def tile(sources: Sources, seed: int, number: int) -> npt.NDArray[np.void]:
    """One record of TILE."""
    rng = np.random.default_rng((seed, number))
    canvas = Canvas(background(rng, SIDE))
    _paste_others(canvas, sources, rng)
    place = Place(log_uniform(rng, *FACE_SIDES), _middle(rng))
    if rng.random() < _FACELESS:
        _paste_no_face(canvas, sources, rng, place)
    else:
        _paste(canvas, sources.faces.draw(rng), rng, place, is_asked=True)
    if rng.random() < 0.2:
        _paste_occluder(canvas, sources, rng)
    if rng.random() < 0.12:
        foregrounds.cover(canvas, rng)
    result = np.zeros((), TILE)
    result["image"] = with_effects(np.asarray(np.clip(canvas.picture, 0, 255), np.uint8), rng)
    result["parts"] = parts_of(canvas.label)
    return result


def parts_of(label: Pixels) -> Pixels:
    """The masks of TILE from a label (SIDE, SIDE), uint8 (parts, MASK, MASK)."""
    quarters = label.reshape(MASK, 2, MASK, 2)
    unknown = (quarters == UNKNOWN).any(axis=(1, 3))
    open_parts = unknown | (quarters == _OTHER).any(axis=(1, 3))
    return np.stack(
        [
            np.where(
                unknown if part == "skin" else open_parts,
                UNKNOWN,
                (quarters == _VALUES[part]).sum(axis=(1, 3)),
            )
            for part in PARTS
        ]
    ).astype(np.uint8)


def mirrored(tiles: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
    """The tiles as a mirror shows them, with their masks."""
    result = np.empty_like(tiles)
    result["image"] = tiles["image"][:, :, ::-1]
    result["parts"] = tiles["parts"][..., ::-1]
    return result


def _paste_others(canvas: Canvas, sources: Sources, rng: np.random.Generator) -> None:
    """People and things beside and behind the head."""
    if sources.objects and rng.random() < 0.3:
        side = rng.uniform(40, 400)
        _paste(canvas, sources.objects.draw(rng), rng, Place(side, rng.uniform(0, SIDE, 2)))
    if rng.random() < 0.3:
        for _ in range(rng.integers(1, 4)):
            place = Place(log_uniform(rng, 25, FACE_SIDES[1]), rng.uniform(0, SIDE, 2))
            _paste(canvas, sources.faces.draw(rng), rng, place)


def _paste_no_face(
    canvas: Canvas, sources: Sources, rng: np.random.Generator, place: Place
) -> None:
    pools = [pool for pool in (sources.objects, sources.hands) if pool]
    if pools and rng.random() < 0.75:
        _paste(canvas, pools[rng.integers(len(pools))].draw(rng), rng, place)


def _paste_occluder(canvas: Canvas, sources: Sources, rng: np.random.Generator) -> None:
    """A thing, a hand or a person before the head, mostly at its edge."""
    pools = [pool for pool in (sources.objects, sources.hands, sources.faces) if pool]
    pool: Pool = pools[rng.integers(len(pools))]
    angle, far = rng.uniform(0, 2 * np.pi), rng.uniform(0.3, 0.65) * SIDE
    middle = SIDE / 2 + far * np.array([np.cos(angle), np.sin(angle)])
    _paste(canvas, pool.draw(rng), rng, Place(log_uniform(rng, 20, 70), middle))


def _paste(
    canvas: Canvas,
    sprite: Sprite,
    rng: np.random.Generator,
    place: Place,
    *,
    is_asked: bool = False,
) -> None:
    """Pastes a sprite so that its face, hand or all of it is at the place."""
    height, width = sprite.label.shape
    whole = (np.array([0.0, 0.0, width, height]),)
    box = main_box(sprite.faces or sprite.hands or whole, rng)
    figure, box = varied_figure(sprite, box, place.side, rng)
    figure = replace(figure, label=_asked(figure, sprite) if is_asked else _unasked(figure))
    paste_figure(canvas, figure, box, place, rng)


def _asked(figure: Figure, sprite: Sprite) -> Pixels:
    if sprite.parts:
        return figure.label
    is_open = (figure.label == BACKGROUND) & (figure.image[..., 3] > 0)
    return np.where(is_open, _OTHER, figure.label).astype(np.uint8)


def _unasked(figure: Figure) -> Pixels:
    return np.zeros_like(figure.label)


def _middle(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """About as far from the tile's middle as proposals are."""
    return rng.normal(SIDE / 2, 0.03 * SIDE, 2)
