"""Sprites of places without a face that MediaPipe's detector takes for faces.

`python -m tools.training.hard_negatives FOLDER` composes pictures of the sprites that training
sees, and cuts the false proposals out. Verification judges such places, and few objects have one by
chance.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from rich.progress import track

from shared.detection.face_models import FaceModels
from shared.detection.proposals import detect_raw, fuse_proposals
from shared.detection.windows import window_sides
from shared.imaging.boxes import overlap
from shared.imaging.geometry import image_box
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import Window
from tools.training.pictures import Picture, picture
from tools.training.sources import HARD_NEGATIVE_CONTEXT, HARD_NEGATIVES, Sources, split
from tools.training.sprite import BACKGROUND, Sprite, save

_SIDE = 160
"""Of a sprite, in pixels: a proposal has 47, as in the middle of the tiles."""

_PICTURES, _SHARD = 6_000, 500
_WITH_FACES = 3
"""One picture in so many shows people: their hair, clothes and bodies have false proposals too."""

_MOST = 12
"""Of a picture, the most confident first. Noise has hundreds."""

_BLURS = 0.6, 1.6
"""Gaussian sigmas of the detector's input, as in detection."""

_SEED = 3_000_017
"""Apart from those of training, validation and calibration."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    jobs = [
        (folder / f"{HARD_NEGATIVES}-{first:06}.shard", folder, first)
        for first in range(0, _PICTURES, _SHARD)
    ]
    missing = [job for job in jobs if not job[0].exists()]
    with ProcessPoolExecutor(os.cpu_count()) as workers:
        for _ in track(workers.map(_write, missing), "Hard negatives", total=len(missing)):
            pass


def hard_negatives(made: Picture, models: FaceModels) -> Iterator[Sprite]:
    """Yields a sprite for each proposal whose surroundings show no face and no hand."""
    pyramid = Pyramid.of(made.pixels)
    raw = detect_raw(pyramid, window_sides(image_box(made.pixels)), _BLURS, models)
    for proposal in islice(fuse_proposals(raw), _MOST):
        x, y = ((proposal.box[:2] + proposal.box[2:]) / 2).tolist()
        window = Window((x, y), proposal.side * HARD_NEGATIVE_CONTEXT)
        seen = window.box_to_image(np.array([0.0, 0, 1, 1]))
        if any(overlap(seen, box) > 0 for box in (*made.faces, *made.hands)):
            continue
        image = cv2.cvtColor(pyramid.view(window, _SIDE), cv2.COLOR_RGB2RGBA)
        label = np.full(image.shape[:2], BACKGROUND, np.uint8)
        yield Sprite(HARD_NEGATIVES, np.asarray(image, np.uint8), label)


@cache
def _sources(folder: Path) -> Sources:
    """One for each worker."""
    training, _ = split(folder)
    return training


@cache
def _models() -> FaceModels:
    return FaceModels()


def _write(job: tuple[Path, Path, int]) -> None:
    path, folder, first = job
    cv2.setNumThreads(1)
    pictures = (
        picture(_sources(folder), _SEED, number, with_faces=number % _WITH_FACES == 0)
        for number in range(first, first + _SHARD)
    )
    save(path, (sprite for made in pictures for sprite in hard_negatives(made, _models())))


if __name__ == "__main__":
    main()
