"""`python -m tools.training.sheet`: draws tiles with their targets, to be looked at."""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.boxes import FloatBox
from shared.networks.drawn_face import BOX_UNIT, SIDE, STRIDE
from tools.training.palette import pixel
from tools.training.paths import SPRITES
from tools.training.sources import split
from tools.training.sprite import UNKNOWN, Pixels
from tools.training.targets import GRID, IGNORED, MASK_FULL, YES
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
    picture = record["image"]
    mask = record["mask"].repeat(2, axis=0).repeat(2, axis=1)
    share = np.where(mask == UNKNOWN, 0, mask / MASK_FULL)[..., None] * 0.35
    picture = picture * (1 - share) + np.array((0, 255, 0), np.float32) * share
    unknown = (mask == UNKNOWN)[..., None] * np.float32(0.25)
    picture = picture * (1 - unknown) + np.array((255, 0, 0), np.float32) * unknown
    side = (SIDE * ENLARGED, SIDE * ENLARGED)
    large = cv2.resize(picture.astype(np.uint8), side, interpolation=cv2.INTER_NEAREST)
    result = np.asarray(large, np.uint8)
    for kind, paint in enumerate(((0, 0, 255), (255, 140, 0))):
        for column, row in np.ndindex(GRID, GRID):
            middle = (np.array([column, row]) + 0.5) * STRIDE
            state = record["centres"][kind, row, column]
            if state == IGNORED:
                cv2.circle(result, pixel(middle * ENLARGED), 1, (255, 0, 255), -1)
            if state == YES:
                distances = record["boxes"][kind, :, row, column].astype(float) * BOX_UNIT
                box = np.concatenate([middle - distances[:2], middle + distances[2:]])
                _draw_box(result, box, record["tilt"][:, row, column].astype(float), paint)
    white = (255, 255, 255)
    framed = cv2.copyMakeBorder(result, 0, 3, 0, 3, cv2.BORDER_CONSTANT, value=white)
    return np.asarray(framed, np.uint8)


def _draw_box(
    result: Pixels, box: FloatBox, tilt: npt.NDArray[np.float64], paint: tuple[int, int, int]
) -> None:
    low, high = box[:2] * ENLARGED, box[2:] * ENLARGED
    cv2.rectangle(result, pixel(low), pixel(high), paint, 1)
    middle = (low + high) / 2
    top = middle + np.array([tilt[0], -tilt[1]]) * (high - low).min() / 2
    cv2.line(result, pixel(middle), pixel(top), paint, 1)


if __name__ == "__main__":
    main()
