"""An area of one colour that agrees with the drawn-face network is evidence for a face."""

import cv2
import numpy as np
import pytest

from shared.detection.flat_skin_verification import flat_skin_log_odds
from shared.imaging.geometry import Image
from shared.imaging.pyramid import Pyramid
from shared.networks.drawn_face import DrawnFaceNetwork

_BOX = np.array([100.0, 90, 300, 310])


@pytest.fixture(scope="module")
def network() -> DrawnFaceNetwork:
    return DrawnFaceNetwork()


def _face(*, shaded: bool = False) -> Image:
    """A face of two dots and a mouth, under hair, in the box."""
    canvas = np.full((400, 400, 3), (180, 220, 240), np.uint8)
    cv2.ellipse(canvas, (200, 170), (120, 130), 0, 0, 360, (90, 50, 30), cv2.FILLED)
    cv2.ellipse(canvas, (200, 200), (100, 110), 0, 0, 360, (245, 205, 170), cv2.FILLED)
    if shaded:
        rows = np.linspace(-90, 90, 400)[:, None, None]
        noise = np.random.default_rng(0).normal(0, 18, canvas.shape)
        canvas = np.clip(canvas + rows + noise, 0, 255).astype(np.uint8)
    for x in (165, 235):
        cv2.ellipse(canvas, (x, 190), (9, 14), 0, 0, 360, (20, 20, 20), cv2.FILLED)
    cv2.ellipse(canvas, (200, 250), (34, 18), 0, 0, 180, (160, 40, 40), 5)
    return canvas


def test_a_face_in_one_colour_has_evidence(network: DrawnFaceNetwork) -> None:
    assert flat_skin_log_odds(Pyramid.of(_face()), _BOX, 0.0, network) > 1


def test_a_shaded_face_has_none(network: DrawnFaceNetwork) -> None:
    assert flat_skin_log_odds(Pyramid.of(_face(shaded=True)), _BOX, 0.0, network) == 0


def test_a_plain_area_has_none(network: DrawnFaceNetwork) -> None:
    plain = np.full((400, 400, 3), (245, 205, 170), np.uint8)
    assert flat_skin_log_odds(Pyramid.of(plain), _BOX, 0.0, network) == 0


def test_a_box_outside_the_image_has_none(network: DrawnFaceNetwork) -> None:
    assert flat_skin_log_odds(Pyramid.of(_face()), _BOX + np.float64(900), 0.0, network) == 0
