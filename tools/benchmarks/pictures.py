"""The pictures that benchmarks are run on, made from the examples."""

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
    """512 x 512, one drawn face."""
    return example("avataaars_05.png")


def scene(faces: int) -> Image:
    """1600 x 1200, up to six drawn faces on a plain ground."""
    ground = np.full((1200, 1600, 3), (190, 220, 240), np.uint8)
    for number, file in enumerate(_AVATARS[:faces]):
        small = cv2.resize(example(file), (360, 360), interpolation=cv2.INTER_AREA)
        top, left = 120 + 560 * (number // 3), 100 + 500 * (number % 3)
        ground[top : top + 360, left : left + 360] = small
    return ground


def crowd(faces: int) -> Image:
    """2400 x 2400, up to 25 drawn faces of one size on a plain ground."""
    ground = np.full((2400, 2400, 3), (190, 220, 240), np.uint8)
    for number in range(faces):
        file = _AVATARS[number % len(_AVATARS)]
        small = cv2.resize(example(file), (360, 360), interpolation=cv2.INTER_AREA)
        top, left = 60 + 480 * (number // 5), 60 + 480 * (number % 5)
        ground[top : top + 360, left : left + 360] = small
    return ground


def photo(faces: int) -> Image:
    """4000 x 3000, up to three real faces."""
    one = cv2.resize(example("astronaut.jpg"), (1333, 1333), interpolation=cv2.INTER_CUBIC)
    ground = np.full((3000, 4000, 3), (70, 90, 110), np.uint8)
    for number in range(faces):
        ground[800:2133, 1333 * number : 1333 * (number + 1)] = one
    return grainy(ground)


def grainy(picture: Image) -> Image:
    """With a sensor's noise: an enlarged picture is smoother, and decodes faster, than a photo."""
    noise = np.random.default_rng(0).normal(0, 5, picture.shape)
    return np.asarray((picture + noise).clip(0, 255), np.uint8)


def page() -> Image:
    """8000 x 6000, six drawn faces."""
    return np.asarray(cv2.resize(scene(6), (8000, 6000), interpolation=cv2.INTER_CUBIC), np.uint8)


def busy(height: int, width: int) -> Image:
    """No window of it is flat, and nothing in it is a face."""
    coarse = np.random.default_rng(0).integers(0, 255, (height // 25, width // 25, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
