"""The drawn-face network: what it says, and that the detector asks it."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.decoding import pixels
from shared.detection.drawn_face_verification import verify_drawn_face
from shared.detection.face_models import FaceModels
from shared.detection.faces import verified_faces
from shared.detection.proposals import Proposal
from shared.imaging.boxes import FloatBox, iou
from shared.imaging.geometry import Image
from shared.imaging.pyramid import Pyramid
from shared.networks.drawn_face import FACE_SIDES, FILE, SIDE, DrawnFaceNetwork
from tests.drawings import PAPER, SKIN, cartoon_face
from tools.support.examples import ROOT, example


@pytest.fixture(scope="module")
def network() -> DrawnFaceNetwork:
    return DrawnFaceNetwork()


def _box(middle: tuple[float, float], face: float) -> FloatBox:
    return np.array([*(np.array(middle) - face / 2), *(np.array(middle) + face / 2)])


def _best(network: DrawnFaceNetwork, picture: Image) -> tuple[float, FloatBox]:
    """The highest log-odds in a picture, and the box there."""
    cells = network.faces(picture[None])
    best = cells.log_odds[0].argmax()
    return cells.log_odds[0].flat[best], cells.boxes[0].reshape(-1, 4)[best].astype(float)


def test_the_model_is_small() -> None:
    assert FILE.stat().st_size < 4e6


@settings(max_examples=25, deadline=None)
@given(st.floats(FACE_SIDES[0] + 4, FACE_SIDES[1] - 4), st.floats(40, 56), st.floats(40, 56))
def test_a_face_of_a_learned_size_is_found_where_it_is(
    network: DrawnFaceNetwork, side: float, x: float, y: float
) -> None:
    log_odds, box = _best(network, cartoon_face(SIDE, (x, y), side))
    assert log_odds > 0
    assert iou(box, _box((x, y), side)) > 0.5


def test_a_blank_sheet_and_a_disc_have_no_face(network: DrawnFaceNetwork) -> None:
    disc = np.full((SIDE, SIDE, 3), PAPER, np.uint8)
    assert _best(network, disc)[0] < 0
    cv2.circle(disc, (48, 48), 24, SKIN, -1, cv2.LINE_AA)
    assert _best(network, disc)[0] < 0


def test_pictures_shown_together_are_judged_as_one_by_one(network: DrawnFaceNetwork) -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3)).astype(np.uint8)
    together = network.faces(pictures)
    for index, picture in enumerate(pictures):
        alone = network.faces(picture[None])
        assert together.log_odds[index] == pytest.approx(alone.log_odds[0], abs=1e-3)


def test_verification_turns_the_face_upright(network: DrawnFaceNetwork) -> None:
    middle, side = (150.0, 150.0), 100.0
    upright = np.array([[-0.18, -0.1], [0.18, -0.1], [0, 0.05], [0, 0.25]]) * side
    for degrees in (0, 90, 180):
        angle = np.radians(degrees)
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        features = (upright @ turn + middle).astype(np.float32)
        pyramid = Pyramid.of(cartoon_face(300, middle, side, degrees))
        there = verify_drawn_face(pyramid, Proposal(_box(middle, side), features, 1.0), network)
        assert there.log_odds > 1
        assert iou(there.box, _box(middle, side)) > 0.5


def test_a_proposal_beside_its_face_is_judged_by_the_face(network: DrawnFaceNetwork) -> None:
    middle, beside, side = (150.0, 150.0), (200.0, 150.0), 100.0
    features = np.array([[182, 140], [218, 140], [200, 155], [200, 175]], np.float32)
    pyramid = Pyramid.of(cartoon_face(300, middle, side))
    there = verify_drawn_face(pyramid, Proposal(_box(beside, side), features, 1.0), network)
    assert there.log_odds > 3
    assert iou(there.box, _box(middle, side)) > 0.9


def _drawing(name: str) -> Pyramid:
    drawn = ROOT / "tools/evaluation/art/openclipart" / name
    return Pyramid.of(pixels.decode(drawn.read_bytes(), 10**6))


def test_a_face_lies_where_the_network_sees_it_and_not_where_mediapipe_does() -> None:
    faces = verified_faces(_drawing("chef_jarno_vasamaa.png"), FaceModels())
    true = np.array([270.0, 144, 380, 225])
    (face,) = (face for face in faces if face.score > 0.5)
    assert iou(face.location.box, true) > 0.7


def test_mediapipe_may_see_a_face_where_the_network_does() -> None:
    best = verified_faces(_drawing("traslocatore01.png"), FaceModels())[0]
    assert iou(best.location.box, np.array([36.0, 96, 144, 207])) > 0.6
    assert best.score > 0.5 > replace(best.evidence, mediapipe=-1.5).score


def test_a_drawn_face_is_found_that_the_other_models_reject() -> None:
    best = verified_faces(_drawing("carpentiere1.png"), FaceModels())[0]
    assert iou(best.location.box, np.array([177.0, 104, 229, 157])) > 0.4
    assert replace(best.evidence, drawn_face=None).score < 0.5 < best.score


def test_a_sure_face_does_not_cost_the_network() -> None:
    face, *_ = verified_faces(Pyramid.of(example("astronaut.jpg")), FaceModels())
    assert face.evidence.drawn_face is None
