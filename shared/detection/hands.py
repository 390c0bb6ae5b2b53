"""Detection of hands by the agreement of many views of an image."""

from collections.abc import Iterator

import cv2
import numpy as np

from shared.detection.detections import Detection, Detections
from shared.detection.hand_aggregation import HandCandidate, RawHand, aggregate_hands
from shared.detection.hand_model import HandModel
from shared.detection.near_misses import split_by_score
from shared.detection.pyramid import Pyramid
from shared.detection.windows import WINDOW_SCALES, Window, blurred, is_flat, sliding_windows
from shared.imaging.geometry import image_box

_VIEW_SIDE = 256
"""Side of a view, in pixels: a little more than the inputs of MediaPipe's models, 192 and 224,
which MediaPipe scales it down to."""

_SCALES = WINDOW_SCALES[:3]
"""Window scales for hands, coarse to fine. More scales find smaller hands and cost time. Chosen by
hand."""

_BLURS = (1.2, 2.0)
"""Gaussian sigmas in pixels of a view. Each blur gives another view, to score agreement. Chosen by
hand."""

_SURE_SCORE = 0.6
_CLOSE_UP = 0.35
"""A hand of at least this score, and of at least this share of the image's long side, makes the
image a close-up. Finer windows are then skipped: they would show parts of that hand. Lower values
save time and lose small hands beside a large one. Chosen by hand."""

_FINGER = 0.12
"""Distance of a hand's outline from its joints, as a share of the palm's length: half the thickness
of a finger. Lower values cut fingers, higher ones include background. Chosen by hand."""

_WRIST, _MIDDLE_KNUCKLE = 0, 9
"""Indices of MediaPipe's hand landmarks."""


def find_hands(pyramid: Pyramid, model: HandModel, min_score: float) -> Detections:
    """All hands that score at least `min_score`, best first."""
    image = image_box(pyramid.image)
    close_up_side = _CLOSE_UP * max(image.width, image.height)
    raw_hands: list[RawHand] = []
    windows: list[Window] = []
    candidates: list[HandCandidate] = []
    for scale in _SCALES:
        for window in sliding_windows(image, scale):
            windows.append(window)
            raw_hands += _raw_hands(pyramid, window, model)
        candidates = aggregate_hands(raw_hands, windows, len(_BLURS))
        if scale <= 1 and any(
            hand.score >= _SURE_SCORE and max(hand.box.width, hand.box.height) >= close_up_side
            for hand in candidates
        ):
            break
    accepted, near_misses = split_by_score(candidates, min_score)
    return Detections([_detection(hand) for hand in accepted], near_misses)


def _raw_hands(pyramid: Pyramid, window: Window, model: HandModel) -> Iterator[RawHand]:
    view = pyramid.view(window, _VIEW_SIDE)
    if is_flat(view):
        return
    for sigma in _BLURS:
        for joints, side in model.hands(blurred(view, sigma)):
            yield RawHand(window.to_image(joints), side)


def _detection(hand: HandCandidate) -> Detection:
    """A detection whose outline is the convex hull of discs around the joints."""
    joints = hand.landmarks
    thickness = _FINGER * float(np.linalg.norm(joints[_MIDDLE_KNUCKLE] - joints[_WRIST]))
    angles = np.arange(8) * (np.pi / 4)
    rim = np.column_stack([np.cos(angles), np.sin(angles)]) * thickness
    cloud = (joints[:, None, :] + rim).reshape(-1, 2).astype(np.float32)
    hull = np.asarray(cv2.convexHull(cloud), np.float32).reshape(-1, 2)
    return Detection("hand", hand.score, hull, joints, hand.side)
