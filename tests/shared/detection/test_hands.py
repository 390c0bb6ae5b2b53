"""Hands: the models agree with MediaPipe's own graph, and what verification adds to it."""

from typing import Any

import cv2
import mediapipe as mp
import numpy as np
import pytest

from shared.detection.hand_models import HandModels
from shared.detection.hand_verification import HandEvidence, VerifiedHand, verify_hand
from shared.detection.hands import find_hands, verified_hands
from shared.detection.proposals import Proposal
from shared.imaging.geometry import Image, contains
from shared.imaging.pyramid import Pyramid
from tests.drawings import HAND_TIPS, left_hand


@pytest.fixture(scope="module")
def models() -> HandModels:
    return HandModels()


def _palm_of_left_hand() -> Proposal:
    """By eye: wrist, four knuckles from the index finger on, two joints of the thumb."""
    features = [(205, 350), (165, 215), (195, 205), (225, 212), (252, 232), (150, 270), (110, 230)]
    return Proposal(np.array([145.0, 200, 275, 330]), np.array(features, np.float32), 0.9)


def _turned(degrees: float) -> tuple[Image, np.ndarray[Any, Any]]:
    """The hand turned clockwise around the image's centre, and the tips of its fingers."""
    matrix = cv2.getRotationMatrix2D((199.5, 199.5), -degrees, 0.6)
    image = cv2.warpAffine(left_hand(), matrix, (400, 400), borderMode=cv2.BORDER_REPLICATE)
    tips = np.array(HAND_TIPS) @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(image, np.uint8), tips


def test_the_joints_are_those_of_mediapipes_graph(models: HandModels) -> None:
    graph: Any = mp.solutions.hands.Hands(static_image_mode=True, max_num_hands=1)
    image = np.asarray(cv2.GaussianBlur(left_hand(), (0, 0), 2), np.uint8)
    found = graph.process(image)
    (theirs,), (side,) = found.multi_hand_landmarks, found.multi_handedness
    expected = np.array([(joint.x, joint.y) for joint in theirs.landmark]) * 400
    (ours,) = (hand for hand in verified_hands(Pyramid.of(image), models) if hand.score > 0.5)
    # theirs come from one view, ours from two that are blurred
    away = np.linalg.norm(ours.joints - expected, axis=1)
    assert np.median(away) < 5
    assert away.max() < 20
    assert (ours.side, side.classification[0].label) == ("left", "Right"), "as in a selfie"


@pytest.mark.parametrize("degrees", [0, 60, 120, 180, 270])
def test_a_hand_is_found_however_it_is_turned(models: HandModels, degrees: float) -> None:
    image, tips = _turned(degrees)
    (hand,) = find_hands(Pyramid.of(image), models, 0.5).detections
    assert hand.interior is not None
    for tip in tips:
        assert np.linalg.norm(hand.interior - tip, axis=1).min() < 20
        assert contains(hand.polygon, *tip)


def test_a_small_hand_in_a_large_image_is_found(models: HandModels) -> None:
    image = np.full((900, 900, 3), (120, 160, 190), np.uint8)
    image[640:860, 40:260] = cv2.resize(left_hand(), (220, 220), interpolation=cv2.INTER_AREA)
    (hand,) = find_hands(Pyramid.of(image), models, 0.5).detections
    assert contains(hand.polygon, 40 + 0.55 * 195, 640 + 0.55 * 250)


def test_a_palm_without_a_hand_is_rejected(models: HandModels) -> None:
    plain = np.full((400, 400, 3), (120, 160, 190), np.uint8)
    assert verify_hand(Pyramid.of(plain), _palm_of_left_hand(), models) is None


def test_both_models_raise_the_score() -> None:
    assert HandEvidence(-1, 2).score < HandEvidence(0, 2).score < HandEvidence(0, 3).score
    assert HandEvidence(4, -4).score < 0.5, "a confident palm alone is no hand"


def test_a_close_up_is_not_searched_for_smaller_hands() -> None:
    class Counting(HandModels):
        views = 0

        def palms(self, picture: Image, min_confidence: float) -> Any:
            self.views += 1
            return super().palms(picture, min_confidence)

    close, far = Counting(), Counting()
    verified_hands(Pyramid.of(left_hand()), close)
    verified_hands(Pyramid.of(_turned(0)[0][::-1].copy()[:, :200].copy()), far)
    assert 0 < close.views <= 6 < far.views


def test_an_image_full_of_palms_has_a_bounded_number_of_verifications(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Counting(HandModels):
        looks = 0

        def joints(self, pictures: Any) -> Any:
            self.looks += 1
            return super().joints(pictures)

    monkeypatch.setattr("shared.detection.hands._MIN_CONFIDENCE", 0.001)
    noise = np.random.default_rng(3).integers(0, 255, (700, 700, 3), np.uint8)
    models = Counting()
    verified_hands(Pyramid.of(noise), models)
    assert 40 <= models.looks <= 2 * (40 + 40)


def test_a_hand_knows_its_box_and_its_score() -> None:
    joints = np.array([[3, 4], [10, 40]], np.float32)
    hand = VerifiedHand(joints, "left", HandEvidence(2, 3))
    assert hand.box.tolist() == [3, 4, 10, 40]
    assert hand.score == HandEvidence(2, 3).score
