"""Images for the calibration of the score: `python -m tools.training.calibration_images FOLDER`.

They are composed of the drawings that training does not see (`sources.split`). FOLDER/truth.json is
for tools/evaluation/calibration.py.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from rich.progress import track

from shared.imaging.boxes import FloatBox, bounds_of, iou
from shared.networks.drawn_face import SIDE
from tools.training.backgrounds import background
from tools.training.figure import Figure, figure_of, premultiplied, side_of
from tools.training.paths import SPRITES
from tools.training.sources import Pool, Sources, split
from tools.training.sprite import FACE, Pixels
from tools.training.targets import transformed
from tools.training.tiles import Place, placement

FACELESS, WITH_FACES = 1_200, 600
_SIDES = 256, 900
"""Sides of the images, in pixels: about those of the drawings in tools/evaluation/art."""

_SEED = 2_000_003
"""Apart from those of training and validation."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """RGB uint8 (h, w, 3), and the boxes of its faces in pixels."""

    pixels: Pixels
    faces: tuple[FloatBox, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    _, unseen = split(SPRITES)
    truth = {}
    for number in track(range(FACELESS + WITH_FACES), "Images"):
        made = picture(unseen, number, with_faces=number >= FACELESS)
        name = f"{number:04}.png"
        cv2.imwrite(str(folder / name), cv2.cvtColor(made.pixels, cv2.COLOR_RGB2BGR))
        boxes = [{"box": box.round().astype(int).tolist()} for box in made.faces]
        truth[name] = {"set": "", "faces": boxes}
    (folder / "truth.json").write_text(json.dumps(truth))


def picture(sources: Sources, number: int, *, with_faces: bool) -> Picture:
    """Up to six drawings side by side: objects, or faces and perhaps objects."""
    rng = np.random.default_rng((_SEED, number))
    width, height = rng.integers(*_SIDES, 2, endpoint=True)
    pixels = _ground(rng, width, height)
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
        pool = sources.faces if is_face else sources.objects
        figure, matrix = _placed(pool, side, middle, rng)
        pixels = _pasted(pixels, figure, matrix)
        if is_face:
            faces += _face_boxes(figure, matrix)
    return Picture(pixels, tuple(faces))


def _placed(
    pool: Pool, side: float, middle: npt.NDArray[np.float64], rng: np.random.Generator
) -> tuple[Figure, npt.NDArray[np.float64]]:
    """A drawing, and the matrix that gives it this size and place, a little turned."""
    sprite = pool.draw(rng)
    figure = figure_of(sprite, side / max(sprite.label.shape))
    height, width = figure.label.shape
    whole = np.array([0.0, 0, width, height])
    place = Place(side * side_of(whole) / max(height, width), middle)
    angle = float(np.radians(rng.normal(0, 8)))
    return figure, placement(whole, place, angle, aspect=1.0)


def _face_boxes(figure: Figure, matrix: npt.NDArray[np.float64]) -> list[FloatBox]:
    hulls = [
        figure.hull(index) for index, value in enumerate(figure.classes, start=1) if value == FACE
    ]
    return [bounds_of(transformed(hull, matrix).astype(np.float32)) for hull in hulls if len(hull)]


def _pasted(pixels: Pixels, figure: Figure, matrix: npt.NDArray[np.float64]) -> Pixels:
    size = pixels.shape[1], pixels.shape[0]
    warped = cv2.warpAffine(premultiplied(figure.image), matrix, size, flags=cv2.INTER_LINEAR)
    alpha = warped[..., 3:] / 255
    return np.asarray(pixels * (1 - alpha) + warped[..., :3], np.uint8)


def _ground(rng: np.random.Generator, width: int, height: int) -> Pixels:
    """Mostly white, as clip art is; else of one colour, or a background of tiles."""
    kind = rng.random()
    if kind < 0.5:
        return np.full((height, width, 3), 255, np.uint8)
    if kind < 0.75:
        return np.broadcast_to(rng.integers(0, 256, 3), (height, width, 3)).astype(np.uint8)
    drawn = cv2.resize(background(rng, SIDE), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(np.clip(drawn, 0, 255), np.uint8)


if __name__ == "__main__":
    main()
