"""The edges that count: all of the label's, and those that the image shows."""

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import BoolMask, Image
from tools.evaluation.boundaries import boundary_scores
from tools.evaluation.manifest import IGNORE

_SIDE, _MIDDLE, _RADIUS = 300, (150, 150), 100
_SKIN, _PAPER = (230, 190, 160), (250, 250, 250)


def _disc(radius: int, middle: tuple[int, int] = _MIDDLE) -> BoolMask:
    canvas = np.zeros((_SIDE, _SIDE), np.uint8)
    return cv2.circle(canvas, middle, radius, (1,), cv2.FILLED) > 0


def _drawing(skin: BoolMask) -> Image:
    return np.where(skin[..., None], _SKIN, _PAPER).astype(np.uint8)


def _label(face: BoolMask, ears: BoolMask) -> npt.NDArray[np.uint8]:
    """The face's label, with the band that is ignored along its edge."""
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
    solid = face.astype(np.uint8)
    band = cv2.morphologyEx(solid, cv2.MORPH_GRADIENT, disc) > 0
    return np.where(ears | band, IGNORE, solid).astype(np.uint8)


_NO_EARS = np.zeros((_SIDE, _SIDE), bool)


def test_a_mask_that_follows_the_drawn_edge_is_right_by_both() -> None:
    face = _disc(_RADIUS)
    scores = boundary_scores(face, _label(face, _NO_EARS), _drawing(face))
    assert scores.all == scores.drawn == 1


def test_a_label_in_plain_skin_is_no_edge_to_find() -> None:
    drawn = _disc(_RADIUS)
    rows = np.arange(_SIDE)[:, None]
    label = _label(drawn & (rows < _MIDDLE[1] + _RADIUS - 8), _NO_EARS)  # cut above the drawn chin
    scores = boundary_scores(drawn, label, _drawing(drawn))
    assert scores.all < 0.95
    assert scores.drawn > 0.99


def test_the_edge_between_face_and_ear_is_no_edge_to_find() -> None:
    face, ear = _disc(_RADIUS), _disc(30, (150 + _RADIUS, 150))
    scores = boundary_scores(face | ear, _label(face, ear & ~face), _drawing(face | ear))
    assert scores.all < 0.96
    assert scores.drawn > 0.99


def test_a_drawn_edge_that_is_missed_counts_by_both() -> None:
    face = _disc(_RADIUS)
    scores = boundary_scores(_disc(_RADIUS - 8), _label(face, _NO_EARS), _drawing(face))
    assert scores.all == scores.drawn == 0


def test_an_edge_across_the_face_counts_by_both() -> None:
    face = _disc(_RADIUS)
    half = face & (np.arange(_SIDE) < _MIDDLE[0])
    scores = boundary_scores(half, _label(face, _NO_EARS), _drawing(face))
    assert scores.drawn < 0.7
