"""The pictures for benchmarks, made from the example images."""

import cv2
import numpy as np

from shared.imaging.geometry import Image
from tools.support.examples import example

_AVATARS = (
    "micah_01.png",
    "lorelei_04.png",
    "openPeeps_01.png",
    "avataaars_05.png",
    "adventurer_02.png",
    "bigSmile_01.png",
)


def avatar() -> Image:
    """Returns a picture of 512 x 512 pixels with one drawn face."""
    return example("avataaars_05.png")


def scene(faces: int) -> Image:
    """Returns a picture of 1600 x 1200 pixels, with up to six drawn faces on a plain background."""
    background = np.full((1200, 1600, 3), (190, 220, 240), np.uint8)
    for number, file in enumerate(_AVATARS[:faces]):
        small = cv2.resize(example(file), (360, 360), interpolation=cv2.INTER_AREA)
        top, left = 120 + 560 * (number // 3), 100 + 500 * (number % 3)
        background[top : top + 360, left : left + 360] = small
    return background


def crowd(faces: int) -> Image:
    """Returns a picture of 2400 x 2400 pixels, with up to 25 drawn faces of the same size."""
    background = np.full((2400, 2400, 3), (190, 220, 240), np.uint8)
    for number in range(faces):
        file = _AVATARS[number % len(_AVATARS)]
        small = cv2.resize(example(file), (360, 360), interpolation=cv2.INTER_AREA)
        top, left = 60 + 480 * (number // 5), 60 + 480 * (number % 5)
        background[top : top + 360, left : left + 360] = small
    return background


def photo(faces: int) -> Image:
    """Returns a picture of 4000 x 3000 pixels, with up to three photographed faces."""
    face = cv2.resize(example("astronaut.jpg"), (1333, 1333), interpolation=cv2.INTER_CUBIC)
    background = np.full((3000, 4000, 3), (70, 90, 110), np.uint8)
    for number in range(faces):
        background[800:2133, 1333 * number : 1333 * (number + 1)] = face
    return grainy(background)


def grainy(picture: Image) -> Image:
    """Adds a sensor's noise. Without it, an enlarged picture would decode faster than a photo."""
    noise = np.random.default_rng(0).normal(0, 5, picture.shape)
    return np.asarray((picture + noise).clip(0, 255), np.uint8)


def page() -> Image:
    """Returns a picture of 8000 x 6000 pixels with six drawn faces."""
    return np.asarray(cv2.resize(scene(6), (8000, 6000), interpolation=cv2.INTER_CUBIC), np.uint8)


def busy(height: int, width: int) -> Image:
    """Returns a picture of noise, without flat areas and without faces."""
    coarse = np.random.default_rng(0).integers(0, 255, (height // 25, width // 25, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
