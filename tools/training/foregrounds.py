"""What covers a part of a face: borders of panels, speech balloons, bars."""

from __future__ import annotations

import cv2
import numpy as np

from tools.training.canvas import Canvas
from tools.training.palette import WHITE, colour, grey, pixel

_SOLID = (255,)


def cover(canvas: Canvas, rng: np.random.Generator) -> None:
    (_panel_border, _balloon, _bar)[rng.integers(3)](canvas, rng)


def _panel_border(canvas: Canvas, rng: np.random.Generator) -> None:
    """The gutter along one edge, or along two that meet, and the frame of the panel."""
    side = canvas.side
    gutter = WHITE if rng.random() < 0.7 else colour(rng)
    turns = int(rng.integers(4))
    for turn in range(turns, turns + 1 + int(rng.random() < 0.3)):
        depth, frame = int(rng.integers(3, 28)), int(rng.integers(0, 4))
        for first, last, paint in ((0, depth, gutter), (depth, depth + frame, grey(0))):
            mask = np.zeros((side, side), np.uint8)
            mask[first:last] = 255
            canvas.cover(np.ascontiguousarray(np.rot90(mask, turn)), paint)


def _balloon(canvas: Canvas, rng: np.random.Generator) -> None:
    side = canvas.side
    middle = rng.integers(0, side, 2)
    middle[1] = rng.choice([rng.integers(-5, 22), rng.integers(side - 22, side + 5)])
    radii = np.array([rng.integers(14, 40), rng.integers(8, 22)])
    tip = middle + rng.integers(-30, 31, 2)
    foot = np.array([6, 0])
    tail = np.array([middle - foot, middle + foot, tip], np.int32)
    border = int(rng.integers(0, 3))
    for grow, paint in ((border, grey(0)), (0, WHITE if rng.random() < 0.85 else colour(rng))):
        mask = np.zeros((side, side), np.uint8)
        cv2.fillPoly(mask, [tail], _SOLID, cv2.LINE_AA)
        if grow:
            cv2.dilate(mask, np.ones((2 * grow + 1, 2 * grow + 1), np.uint8), mask)
        size = pixel(radii + grow)
        cv2.ellipse(mask, pixel(middle), size, 0, 0, 360, _SOLID, -1, cv2.LINE_AA)
        canvas.cover(mask, paint)
    writing = np.zeros((side, side), np.uint8)
    for row in range(int(rng.integers(1, 4))):
        left = int(middle[0] - radii[0] * 0.7), int(middle[1] + 7 * row - 5)
        letters = "".join(chr(code) for code in rng.integers(65, 91, 9))
        height = rng.uniform(0.25, 0.4)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(writing, letters, left, font, height, _SOLID, 1, cv2.LINE_AA)
    inside = np.zeros((side, side), np.uint8)
    cv2.ellipse(inside, pixel(middle), pixel(radii - 2), 0, 0, 360, _SOLID, -1)
    canvas.cover(np.minimum(writing, inside), grey(0))


def _bar(canvas: Canvas, rng: np.random.Generator) -> None:
    """A pole, branch or arm across the tile."""
    side = canvas.side
    mask = np.zeros((side, side), np.uint8)
    ends = rng.integers(-10, side + 10, (2, 2))
    ends[rng.integers(2)] = rng.choice([-10, side + 10]), rng.integers(0, side)
    cv2.line(mask, pixel(ends[0]), pixel(ends[1]), _SOLID, int(rng.integers(2, 13)), cv2.LINE_AA)
    canvas.cover(mask, colour(rng))
