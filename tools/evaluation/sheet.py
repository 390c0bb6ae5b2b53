"""Draws the worst cases of an evaluation into one picture."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import cv2
import numpy as np

from shared.imaging.geometry import Image, image_box
from shared.schemas.box import Box
from tools.evaluation.drawings import Found, extra, is_found
from tools.evaluation.manifest import IGNORE, CorpusImage, read_label
from tools.evaluation.scoring import ImageScore, Prediction
from tools.evaluation.truth import Drawing

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
        return float(score.is_false_alarm) * 2 - score.iou - score.boundaries.all

    wrong = [case for case in cases if case[0].label or case[2].is_false_alarm]
    return _grid([_tile(*case, root) for case in sorted(wrong, key=badness, reverse=True)[:_COUNT]])


def wrong_drawings(cases: Iterable[tuple[Path, Drawing, list[Found]]]) -> Image:
    """Returns what is wrong in drawings, as RGB uint8 (h, w, 3), each place with what is around it.

    A missed face or hand is blue; what was found beside all known places is red.
    """
    tiles = []
    for file, truth, found in cases:
        picture = np.asarray(cv2.imread(str(file))[..., ::-1], np.uint8)
        missed = [place.box for place in truth.places if not is_found(place, found)]
        wrong = [(box, _MISSING) for box in missed]
        wrong += [(item.box, _TOO_MUCH) for item in extra(truth, found)]
        tiles += [_place(picture, box, color, file.stem) for box, color in wrong]
    return _grid(tiles)


def _place(picture: Image, box: Box, color: tuple[int, int, int], caption: str) -> Image:
    around = box.widened(*(max(box.width, box.height),) * 2).intersection(image_box(picture))
    framed = picture[around.slices].copy()
    corners = (box.x0 - around.x0, box.y0 - around.y0), (box.x1 - around.x0, box.y1 - around.y0)
    cv2.rectangle(framed, *corners, color, max(1, around.width // 120))
    return _captioned(framed, caption)


def _grid(tiles: list[Image]) -> Image:
    blank = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    tiles = [*tiles, *[blank] * (-len(tiles) % _COLUMNS)] or [blank]
    rows = [np.hstack(tiles[start : start + _COLUMNS]) for start in range(0, len(tiles), _COLUMNS)]
    return np.vstack(rows)


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
    caption = f"{Path(image.image).stem[:20]} {score.iou:.2f} {score.boundaries.all:.2f}"
    return _captioned(picture, caption)


def _captioned(picture: Image, caption: str) -> Image:
    """A tile with a small copy of the picture and the first letters of the caption."""
    scale = _SIDE / max(picture.shape[:2])
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    tile = np.zeros((_SIDE, _SIDE, 3), np.uint8)
    tile[: small.shape[0], : small.shape[1]] = small[:_SIDE, :_SIDE]
    cv2.putText(tile, caption[:30], (4, _SIDE - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (255, 255, 0), 1)
    return tile
