"""Draws the worst cases of an evaluation into one picture."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from shared.imaging.geometry import Image
from tools.evaluation.manifest import IGNORE, CorpusImage, read_label
from tools.evaluation.scoring import ImageScore, Prediction

_SIDE, _COLUMNS, _COUNT = 240, 6, 24
"""Side of a tile in pixels, columns, and tiles. Chosen by hand: the sheet fits on a screen."""

_TOO_MUCH, _MISSING, _EDGE = (255, 0, 0), (0, 0, 255), (0, 255, 0)

Case = tuple[CorpusImage, Prediction, ImageScore]


def worst_cases(cases: Sequence[Case], root: Path) -> Image:
    """Returns the images with the lowest scores, as RGB uint8 (h, w, 3).

    A mask without a face is red, a face without a mask is blue.
    """

    def badness(case: Case) -> float:
        score = case[2]
        return float(score.is_false_alarm) * 2 - score.iou - score.boundary_f

    wrong = [case for case in cases if case[0].label or case[2].is_false_alarm]
    tiles = [_tile(*case, root) for case in sorted(wrong, key=badness, reverse=True)[:_COUNT]]
    tiles += [np.zeros((_SIDE, _SIDE, 3), np.uint8)] * (-len(tiles) % _COLUMNS)
    rows = [np.hstack(tiles[start : start + _COLUMNS]) for start in range(0, len(tiles), _COLUMNS)]
    return np.vstack(rows) if rows else np.zeros((_SIDE, _SIDE, 3), np.uint8)


def _tile(image: CorpusImage, prediction: Prediction, score: ImageScore, root: Path) -> Image:
    picture = np.asarray(cv2.imread(str(root / image.image))[..., ::-1], np.uint8).copy()
    if image.label is not None:
        label = read_label(root / image.label)
        face = (label > 0) & (label < IGNORE)
        picture[prediction.mask & (label == 0)] = _TOO_MUCH
        picture[face & ~prediction.mask] = _MISSING
    outlines, _ = cv2.findContours(
        prediction.mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    cv2.drawContours(picture, outlines, -1, _EDGE, 1)
    scale = _SIDE / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small[:_SIDE, :_SIDE]
    caption = f"{Path(image.image).stem[:20]} {score.iou:.2f} {score.boundary_f:.2f}"
    cv2.putText(tile, caption, (4, _SIDE - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 0), 1)
    return tile
