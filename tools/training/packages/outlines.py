"""Where the head ends in styles that draw it on a template.

Head, ears and neck are one shape there, or have one colour. Each outline was drawn over the
template by eye: around the head without ears and neck, in fractions of the picture's width and
height. It may be generous where only hair or ground is: the face is the skin inside.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from tools.training.sprite import Pixels

Outline = list[tuple[float, float]]


def _ellipse(x: float, y: float, across: float, down: float) -> Outline:
    angles = [step * math.pi / 32 for step in range(64)]
    return [(x + across * math.cos(angle), y + down * math.sin(angle)) for angle in angles]


HEADS: dict[str, Outline] = {
    "adventurer": _ellipse(0.48, 0.515, 0.296, 0.30),
    "big-smile": [(0.25, 0.1), (0.95, 0.1), (0.95, 0.9), (0.35, 0.9), (0.27, 0.72), (0.30, 0.55)],
    "bigheads": _ellipse(0.5, 0.5, 0.275, 0.275),
    "facesjs": [(0, 0), (1, 0), (1, 1), (0, 1)],  # drawn without ears and neck
    "lorelei": [
        (0.498, 0.146),
        (0.645, 0.205),
        (0.732, 0.293),
        (0.746, 0.469),
        (0.738, 0.605),
        (0.684, 0.703),
        (0.609, 0.744),
        (0.527, 0.744),
        (0.453, 0.703),
        (0.391, 0.645),
        (0.361, 0.566),
        (0.352, 0.449),
        (0.352, 0.293),
        (0.41, 0.186),
    ],
    "micah": [
        (0.479, 0.127),
        (0.605, 0.172),
        (0.67, 0.281),
        (0.703, 0.4),
        (0.734, 0.523),
        (0.703, 0.645),
        (0.615, 0.719),
        (0.531, 0.74),
        (0.449, 0.723),
        (0.383, 0.676),
        (0.352, 0.625),
        (0.326, 0.566),
        (0.297, 0.459),
        (0.268, 0.357),
        (0.277, 0.254),
        (0.342, 0.172),
    ],
    "miniavs": [
        (0.285, 0.1),
        (0.735, 0.1),
        (0.735, 0.5),
        (0.72, 0.65),
        (0.69, 0.76),
        (0.64, 0.84),
        (0.6, 0.87),
        (0.52, 0.85),
        (0.43, 0.79),
        (0.35, 0.71),
        (0.3, 0.62),
        (0.285, 0.55),
    ],
    "notionists": [(0.36, 0.2), (0.7, 0.2), (0.7, 0.64), (0.5, 0.64), (0.42, 0.6), (0.37, 0.5)],
    "open-peeps": [
        (0.559, 0.18),
        (0.664, 0.211),
        (0.742, 0.293),
        (0.781, 0.361),
        (0.805, 0.488),
        (0.824, 0.629),
        (0.801, 0.732),
        (0.727, 0.785),
        (0.645, 0.787),
        (0.564, 0.766),
        (0.488, 0.738),
        (0.439, 0.723),
        (0.391, 0.645),
        (0.352, 0.586),
        (0.336, 0.488),
        (0.322, 0.371),
        (0.352, 0.273),
        (0.436, 0.207),
    ],
    "personas": [
        (0.28, 0.15),
        (0.72, 0.15),
        (0.72, 0.5),
        (0.715, 0.58),
        (0.68, 0.66),
        (0.62, 0.71),
        (0.55, 0.733),
        (0.5, 0.737),
        (0.45, 0.733),
        (0.38, 0.71),
        (0.32, 0.66),
        (0.285, 0.58),
        (0.28, 0.5),
    ],
    "pixel-art": [(3 / 16, 2 / 16), (13 / 16, 2 / 16), (13 / 16, 12 / 16), (3 / 16, 12 / 16)],
    "toon-head": [
        (0.285, 0.1),
        (0.715, 0.1),
        (0.715, 0.55),
        (0.7, 0.64),
        (0.64, 0.72),
        (0.56, 0.765),
        (0.5, 0.775),
        (0.44, 0.765),
        (0.36, 0.72),
        (0.3, 0.64),
        (0.285, 0.55),
    ],
}


def head_of(kind: str, height: int, width: int) -> Pixels | None:
    """The head of a style's template as uint8 0/1 (h, w); None for a style without a template."""
    if kind not in HEADS:
        return None
    mask = np.zeros((height, width), np.uint8)
    points = np.array(HEADS[kind]) * (width, height)
    # fillPoly fills the pixels that the points lie in, so a half moves pixel edges to centres
    cv2.fillPoly(mask, [np.round(points - 0.5).astype(np.int32)], (1,))
    return mask
