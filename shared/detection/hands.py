"""Detection of hands: palms at several scales, verification, non-maximum suppression, outlines."""

from collections.abc import Iterator, Sequence
from itertools import islice

import cv2
import numpy as np

from shared.detection.blazeface import RawDetection
from shared.detection.detections import Detection, Detections
from shared.detection.hand_models import PALM_SIDE, HandModels
from shared.detection.hand_verification import VerifiedHand, verify_hand
from shared.detection.near_misses import split_by_score
from shared.detection.proposals import from_window, fuse_proposals
from shared.detection.suppression import suppress_overlaps
from shared.detection.windows import WINDOW_SCALES, is_flat, sliding_windows
from shared.imaging.boxes import whole_box
from shared.imaging.geometry import Points, Polygon, image_box
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import blurred

_COARSE, _FINE = WINDOW_SCALES[:2], WINDOW_SCALES[2:4]
"""Window scales for palms. Finer ones find smaller hands and cost time. Chosen by hand."""

_COARSE_BLURS = (0.0, 0.9, 1.5)
_FINE_BLURS = (0.0, 1.5)
"""Gaussian sigmas in pixels of the detector's input. On tools/evaluation/art/hands.json any two of
the three propose about a tenth fewer hands than all of them."""

_MIN_CONFIDENCE = 0.15
"""Minimum confidence of a palm. Low, because verification rejects false ones: at 0.25, a sixth of
the hands that are proposed at 0.15 is lost. Lower values cost time."""

_MAX_PROPOSALS = 40
"""Maximum number of palms that are verified, the most confident first. Bounds the time for an
image; an image with more hands loses the rest. Chosen by hand."""

_SURE_SCORE = 0.9
_CLOSE_UP = 0.35
"""A hand of at least this score, and of at least this share of the image's long side, makes the
image a close-up. Finer windows are then skipped: they would show parts of that hand. Lower values
save time and lose small hands beside a large one. Chosen by hand."""

_FINGER = 0.12
"""Distance of a hand's outline from its joints, as a share of the palm's length: half the thickness
of a finger. Lower values cut fingers, higher ones include background. Chosen by hand."""

_WRIST, _MIDDLE_KNUCKLE = 0, 9
"""Indices of MediaPipe's hand landmarks."""


def find_hands(
    pyramid: Pyramid, models: HandModels, min_score: float, *, with_candidates: bool = False
) -> Detections:
    """All hands that score at least `min_score`, best first."""
    accepted, near_misses = split_by_score(verified_hands(pyramid, models), min_score)
    candidates = tuple(map(_detection, near_misses)) if with_candidates else ()
    boxes = [whole_box(hand.box) for hand in near_misses]
    return Detections(list(map(_detection, accepted)), boxes, candidates)


def verified_hands(pyramid: Pyramid, models: HandModels) -> list[VerifiedHand]:
    """All verified palms, best first, of which no two hands overlap."""
    close_up_side = _CLOSE_UP * max(pyramid.image.shape[:2])
    palms = list(_palms(pyramid, _COARSE, _COARSE_BLURS, models))
    hands = _verified(pyramid, palms, models)
    if not any(
        hand.score >= _SURE_SCORE and max(hand.box[2:] - hand.box[:2]) >= close_up_side
        for hand in hands
    ):
        palms += _palms(pyramid, _FINE, _FINE_BLURS, models)
        hands = _verified(pyramid, palms, models)
    return suppress_overlaps(hands, lambda hand: hand.box)


def _verified(
    pyramid: Pyramid, palms: Sequence[RawDetection], models: HandModels
) -> list[VerifiedHand]:
    proposals = islice(fuse_proposals(palms), _MAX_PROPOSALS)
    hands = (verify_hand(pyramid, proposal, models) for proposal in proposals)
    return [hand for hand in hands if hand]


def _palms(
    pyramid: Pyramid, scales: Sequence[float], blurs: Sequence[float], models: HandModels
) -> Iterator[RawDetection]:
    """Palms in windows of these scales, in image coordinates."""
    for scale in scales:
        for window in sliding_windows(image_box(pyramid.image), scale):
            view = pyramid.view(window, PALM_SIDE)
            if is_flat(view):
                continue
            for sigma in blurs:
                for palm in models.palms(blurred(view, sigma), _MIN_CONFIDENCE):
                    yield from_window(palm, window, PALM_SIDE)


def _detection(hand: VerifiedHand) -> Detection:
    return Detection("hand", hand.score, outline(hand.joints), hand.joints, hand.side)


def outline(joints: Points) -> Polygon:
    """The convex hull of discs around the joints of a hand, (21, 2): float32 (n, 2)."""
    thickness = _FINGER * float(np.linalg.norm(joints[_MIDDLE_KNUCKLE] - joints[_WRIST]))
    angles = np.arange(8) * (np.pi / 4)
    rim = np.column_stack([np.cos(angles), np.sin(angles)]) * thickness
    cloud = (joints[:, None, :] + rim).reshape(-1, 2).astype(np.float32)
    return np.asarray(cv2.convexHull(cloud), np.float32).reshape(-1, 2)
