"""Drawings for objects that the example images do not contain."""

import itertools

import cv2
import numpy as np

from shared.imaging.geometry import Image

_SKIN, _LINE, _NAIL, _BACKGROUND = (224, 172, 135), (170, 115, 85), (240, 205, 185), (120, 160, 190)
_FINGERS = (
    (44, ((150, 270), (110, 230), (85, 200), (62, 172))),
    (36, ((165, 215), (152, 160), (146, 122), (141, 88))),
    (37, ((195, 205), (195, 142), (195, 100), (195, 62))),
    (35, ((225, 212), (237, 152), (243, 115), (249, 82))),
    (30, ((252, 232), (274, 190), (288, 162), (300, 136))),
)
"""Width and joints of each finger in pixels, from the thumb on."""

_PALM = ((150, 300), (150, 225), (165, 205), (195, 198), (225, 202), (262, 228), (262, 300),
         (235, 350), (175, 350))  # fmt: skip
HAND_TIPS = [joints[-1] for _, joints in _FINGERS]


def left_hand() -> Image:
    """Returns a flat drawing of an open left hand from its palm side, RGB uint8 (400, 400, 3)."""
    image = np.full((400, 400, 3), _BACKGROUND, np.uint8)
    for colour, beyond in ((_LINE, 8), (_SKIN, 0)):
        palm = [np.array(_PALM, np.int32)]
        cv2.fillPoly(image, palm, colour)
        cv2.polylines(image, palm, True, colour, 24 + beyond)
        cv2.line(image, (205, 340), (205, 400), colour, 95 + beyond)
        for width, joints in _FINGERS:
            for start, end in itertools.pairwise(joints):
                cv2.line(image, start, end, colour, width + beyond, cv2.LINE_AA)
    for _, joints in _FINGERS:
        for joint in joints[1:3]:
            cv2.ellipse(image, joint, (12, 3), 0, 0, 180, _LINE, 2, cv2.LINE_AA)
        x, y = joints[3]
        cv2.ellipse(image, (x, y - 4), (8, 10), 0, 0, 360, _NAIL, cv2.FILLED, cv2.LINE_AA)
    return image
