"""A corpus of avatars in styles that training does not see.

`python -m tools.training.unseen_avatars FOLDER` makes it, with the environment of training;
`make evaluate MANIFEST=FOLDER/manifest.json` scores it. The truth is as in the development corpus:
the visible skin of the head, known from the colour of the skin and the style's outline of the head;
ears and three pixels on both sides of an edge count neither way.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from shared.schemas.box import Box
from tools.evaluation.manifest import IGNORE, IGNORE_BAND, CorpusImage, Face, Manifest
from tools.training.packages import node
from tools.training.packages.avatars import SKIN, TONES
from tools.training.packages.masks import disc, face_in
from tools.training.packages.outlines import head_of
from tools.training.packages.rendering import coloured_parts, recoloured, render
from tools.training.pictures import ground, pasted, placed
from tools.training.sprite import FACE, UNKNOWN, Pixels, Sprite, box_of

NAME = "unseen avatars"
"""The place of its tables in docs/quality.md."""

_COUNT, _SIDE = 24, 512
"""Avatars of each style, and their side in pixels."""

_SCENES, _SCENE = 30, (1600, 1200)
"""Number of scenes, and their width and height."""

_CELLS = 3, 2
"""Columns and rows of a scene, with at most one avatar each."""

_SIDES, _ANGLE = (150, 480), 20
"""Sides of the avatars in scenes, in pixels, and by how much they are turned, in degrees."""

_SEED = 5_000_011


@dataclass(slots=True, eq=False)
class _Canvas:
    """An image while avatars are pasted, its label map, and its faces."""

    pixels: Pixels
    label: Pixels
    faces: list[Face]

    def paste(self, sprite: Sprite, side: float, middle: tuple[float, float], angle: float) -> None:
        figure, matrix = placed(sprite, side, np.array(middle), angle)
        self.pixels = pasted(self.pixels, figure, matrix)
        size = self.label.shape[1], self.label.shape[0]
        label = cv2.warpAffine(figure.label, matrix, size, flags=cv2.INTER_NEAREST)
        face = (label == FACE).astype(np.uint8)
        self.faces.append(Face(box=Box(*map(int, box_of(face))), style=sprite.kind))
        self.label[face > 0] = len(self.faces)
        edge = cv2.morphologyEx(face, cv2.MORPH_GRADIENT, disc(2 * IGNORE_BAND + 1))
        self.label[(label == UNKNOWN) | (edge > 0)] = IGNORE


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    node.install()
    write_corpus(list(avatars()), folder)


def write_corpus(sprites: Sequence[Sprite], folder: Path, scenes: int = _SCENES) -> None:
    """Writes an image of each avatar, then scenes, and the manifest."""
    images = []
    for number, sprite in enumerate(track(sprites, "Avatars")):
        canvas = _single(sprite, np.random.default_rng((_SEED, 0, number)))
        images.append(_write(canvas, folder, f"single/{sprite.kind}_{number % _COUNT:02}.png"))
    for number in track(range(scenes), "Scenes"):
        canvas = _scene(sprites, np.random.default_rng((_SEED, 1, number)))
        images.append(_write(canvas, folder, f"scenes/scene_{number:02}.png"))
    manifest = Manifest(name=NAME, images=images)
    (folder / "manifest.json").write_text(manifest.model_dump_json(indent=1))


def avatars() -> Iterator[Sprite]:
    """Yields the same number of sprites of each style. Needs what `node.install` installs."""
    for number, line in enumerate(node.lines("unseen.mjs", SKIN, str(_COUNT))):
        avatar = json.loads(line)
        marked, skin = avatar["svg"], frozenset({SKIN})
        shown = (coloured_parts(marked, skin, _SIDE) > 127).astype(np.uint8)
        label = face_in(shown, head_of(avatar["kind"], _SIDE, _SIDE))
        if label is None:
            raise ValueError(f"{avatar['kind']} {number} shows no skin")
        image = render(recoloured(marked, skin, TONES[number % len(TONES)]), _SIDE)
        faces = (box_of((label == FACE).astype(np.uint8)),)
        yield Sprite(avatar["kind"], image, label, faces)


def _single(sprite: Sprite, rng: np.random.Generator) -> _Canvas:
    canvas = _blank(rng, _SIDE, _SIDE)
    canvas.paste(sprite, _SIDE, (_SIDE / 2, _SIDE / 2), 0.0)
    return canvas


def _scene(sprites: Sequence[Sprite], rng: np.random.Generator) -> _Canvas:
    width, height = _SCENE
    canvas = _blank(rng, width, height)
    columns, rows = _CELLS
    cells = rng.permutation(columns * rows)[: rng.integers(2, columns * rows, endpoint=True)]
    for cell in cells:
        middle = (cell % columns + 0.5) * width / columns, (cell // columns + 0.5) * height / rows
        angle = float(np.radians(rng.uniform(-_ANGLE, _ANGLE)))
        canvas.paste(sprites[rng.integers(len(sprites))], rng.uniform(*_SIDES), middle, angle)
    return canvas


def _blank(rng: np.random.Generator, width: int, height: int) -> _Canvas:
    return _Canvas(ground(rng, width, height), np.zeros((height, width), np.uint8), [])


def _write(canvas: _Canvas, folder: Path, name: str) -> CorpusImage:
    image = folder / name
    image.parent.mkdir(parents=True, exist_ok=True)
    label = Path(name).with_suffix(".label.png")
    cv2.imwrite(str(image), cv2.cvtColor(canvas.pixels, cv2.COLOR_RGB2BGR))
    cv2.imwrite(str(folder / label), canvas.label)
    height, width = canvas.label.shape
    return CorpusImage(image=name, label=str(label), width=width, height=height, faces=canvas.faces)


if __name__ == "__main__":
    main()
