"""MTCNN's output network: what it says, and that the detector asks it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from shared.detection.face_models import FaceModels
from shared.detection.face_score import Evidence
from shared.detection.faces import verified_faces
from shared.detection.mtcnn_verification import mtcnn_log_odds
from shared.imaging.boxes import iou
from shared.imaging.geometry import Image
from shared.imaging.pyramid import Pyramid
from tools.support.examples import example

PORTRAIT = Path(__file__).parent / "images" / "painted_portrait.png"
FACE = np.array([116, 97, 214, 201], float)


@pytest.fixture(scope="module")
def models() -> FaceModels:
    return FaceModels()


def _portrait() -> Image:
    return np.asarray(PillowImage.open(PORTRAIT).convert("RGB"))


def test_a_painted_face_is_found_that_mediapipe_alone_rejects(models: FaceModels) -> None:
    best = verified_faces(Pyramid.of(_portrait()), models)[0]
    assert iou(best.location.box, FACE) > 0.4
    assert Evidence(best.evidence.mediapipe).score < 0.5 < best.score


def test_a_sure_face_needs_no_second_judge(models: FaceModels) -> None:
    best = verified_faces(Pyramid.of(example("astronaut.jpg")), models)[0]
    assert best.evidence.is_decided
    assert best.evidence.mtcnn is None


def test_a_face_in_a_photograph_is_one_and_a_place_beside_it_is_none(models: FaceModels) -> None:
    pyramid = Pyramid.of(example("astronaut.jpg"))
    face = verified_faces(pyramid, models)[0].location
    away = replace(face, box=face.box + face.side * 1.5, features=face.features + face.side * 1.5)
    assert mtcnn_log_odds(pyramid, face, models.mtcnn) > 5
    assert mtcnn_log_odds(pyramid, away, models.mtcnn) < 0


def test_the_face_is_recognised_at_any_angle_of_the_proposal(models: FaceModels) -> None:
    picture = example("astronaut.jpg")
    upright = Pyramid.of(picture)
    face = verified_faces(upright, models)[0].location
    side = picture.shape[0]
    lying = Pyramid.of(np.ascontiguousarray(np.rot90(picture, -1)))  # clockwise
    x0, y0, x1, y1 = face.box
    turned = np.stack([side - face.features[:, 1], face.features[:, 0]], axis=1)
    box = np.array([side - y1, x0, side - y0, x1])
    location = replace(face, box=box, features=turned.astype(np.float32))
    expected = mtcnn_log_odds(upright, face, models.mtcnn)
    assert mtcnn_log_odds(lying, location, models.mtcnn) == pytest.approx(expected, abs=1.5)


def test_pictures_shown_together_are_judged_as_one_by_one(models: FaceModels) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 3)).astype(np.uint8)
    together = models.mtcnn.log_odds(pictures)
    alone = [models.mtcnn.log_odds(picture[None])[0] for picture in pictures]
    assert together == pytest.approx(np.array(alone), abs=1e-4)
