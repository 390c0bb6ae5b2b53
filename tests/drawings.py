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
INK, SKIN, PAPER = (20, 20, 20), (250, 205, 170), (255, 255, 255)
"""Colours of `cartoon_face`."""

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


def cartoon_face(side: int, middle: tuple[float, float], face: float, degrees: float = 0) -> Image:
    """A plain cartoon face of the side `face` in an image of the side `side`."""
    scale, fine = 16, 4
    picture = np.full((side, side, 3), PAPER, np.uint8)
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def at(x: float, y: float) -> tuple[int, int]:
        point = np.array(middle) + turn @ (np.array([x, y]) * face)
        return int(point[0] * scale), int(point[1] * scale)

    def size(length: float) -> int:
        return int(length * face * scale)

    line = max(1, round(face / 30))
    kwargs = {"lineType": cv2.LINE_AA, "shift": fine}
    cv2.circle(picture, at(0, 0), size(0.5), SKIN, -1, **kwargs)
    cv2.circle(picture, at(0, 0), size(0.5), INK, line, **kwargs)
    for x in (-0.18, 0.18):
        cv2.circle(picture, at(x, -0.1), size(0.1), PAPER, -1, **kwargs)
        cv2.circle(picture, at(x, -0.1), size(0.1), INK, line, **kwargs)
        cv2.circle(picture, at(x, -0.1), size(0.04), INK, -1, **kwargs)
    cv2.line(picture, at(0, 0), at(0.03, 0.1), INK, line, **kwargs)
    cv2.ellipse(
        picture,
        at(0, 0.18),
        (size(0.2), size(0.12)),
        degrees,
        20,
        160,
        (160, 40, 40),
        line + 1,
        **kwargs,
    )
    return picture
