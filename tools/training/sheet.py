"""`python -m tools.training.sheet`: draws tiles with their targets, to be looked at."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from tools.training.paths import SPRITES
from tools.training.sources import split
from tools.training.sprite import UNKNOWN, Pixels
from tools.training.targets import BOX_UNIT, GRID, IGNORED, MASK_FULL, SIZE, STRIDE, YES
from tools.training.tiles import tile

ENLARGED = 2
"""A tile on the sheet has this many times its size: boxes of one pixel stay visible."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="the PNG to write")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--columns", type=int, default=12)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    sources, _ = split(SPRITES)
    count = arguments.rows * arguments.columns
    drawn = [drawing(tile(sources, arguments.seed, number)) for number in range(count)]
    rows = np.reshape(drawn, (arguments.rows, arguments.columns, *drawn[0].shape))
    sheet = np.vstack([np.hstack(list(row)) for row in rows])
    cv2.imwrite(str(arguments.output), cv2.cvtColor(sheet, cv2.COLOR_RGB2BGR))


def drawing(record: npt.NDArray[np.void]) -> Pixels:
    """A tile, enlarged: mask green, unknown red, boxes blue (hands: orange), the top of a tilted
    face as a line, ignored cells as dots.
    """
    picture = record["image"].astype(np.float32)
    mask = record["mask"].repeat(2, axis=0).repeat(2, axis=1)
    share = np.where(mask == UNKNOWN, 0, mask / MASK_FULL)[..., None] * 0.35
    picture = picture * (1 - share) + np.float32((0, 255, 0)) * share
    unknown = (mask == UNKNOWN)[..., None] * np.float32(0.25)
    picture = picture * (1 - unknown) + np.float32((255, 0, 0)) * unknown
    side = (SIZE * ENLARGED, SIZE * ENLARGED)
    result = cv2.resize(picture.astype(np.uint8), side, interpolation=cv2.INTER_NEAREST)
    for kind, paint in enumerate(((0, 0, 255), (255, 140, 0))):
        for row in range(GRID):
            for column in range(GRID):
                _draw_cell(result, record, kind, row, column, paint)
    return cv2.copyMakeBorder(result, 0, 3, 0, 3, cv2.BORDER_CONSTANT, value=(255, 255, 255))


def _draw_cell(
    result: Pixels,
    record: npt.NDArray[np.void],
    kind: int,
    row: int,
    column: int,
    paint: tuple[int, int, int],
) -> None:
    middle = (np.array([column, row]) + 0.5) * STRIDE
    point = (middle * ENLARGED).astype(int)
    state = record["centres"][kind, row, column]
    if state == IGNORED:
        cv2.circle(result, point, 1, (255, 0, 255), -1)
    if state != YES:
        return
    distances = record["boxes"][kind, :, row, column].astype(float) * BOX_UNIT
    low, high = middle - distances[:2], middle + distances[2:]
    cv2.rectangle(
        result, (low * ENLARGED).astype(int), (high * ENLARGED).astype(int), paint, 1
    )
    sine, cosine = record["tilt"][:, row, column].astype(float)
    top = (low + high) / 2 + np.array([sine, -cosine]) * (high - low).min() * 0.5
    cv2.line(result, ((low + high)).astype(int), (top * ENLARGED).astype(int), paint, 1)


if __name__ == "__main__":
    main()
