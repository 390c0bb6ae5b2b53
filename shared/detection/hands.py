"""Finding hands, by what many views of an image agree on."""

from collections.abc import Iterator

import cv2
import numpy as np

from shared.detection.detections import Detected, Detection
from shared.detection.hand_aggregation import Agreement, Finding, agreements
from shared.detection.hand_model import HandModel
from shared.detection.near_misses import parted
from shared.detection.pyramid import Pyramid
from shared.detection.windows import LADDER, Window, blurred, is_flat, rung
from shared.imaging.geometry import image_box

_VIEW_SIDE = 256
"""Pixels: the models themselves see 192 and 224."""

_RUNGS = LADDER[:3]
_BLURS = (1.2, 2.0)
"""Gaussian sigmas in pixels of a view."""

_SURE_SCORE = 0.6
_CLOSE_UP = 0.35
"""A hand that scores as much and is as large, as a share of the image's long side, makes the
image a close-up: finer windows would show parts of a hand."""

_FINGER = 0.12
"""A hand's outline lies outside its joints by about this share of the palm's length."""

_WRIST, _MIDDLE_KNUCKLE = 0, 9


def find_hands(pyramid: Pyramid, model: HandModel, min_score: float) -> Detected:
    """All hands that score at least `min_score`, best first."""
    whole = image_box(pyramid.image)
    large = _CLOSE_UP * max(whole.width, whole.height)
    findings: list[Finding] = []
    looked_at: list[Window] = []
    found: list[Agreement] = []
    for share in _RUNGS:
        for window in rung(whole, share):
            looked_at.append(window)
            findings += _look(pyramid, window, model)
        found = agreements(findings, looked_at, len(_BLURS))
        if share <= 1 and any(
            one.score >= _SURE_SCORE and max(one.box.width, one.box.height) >= large
            for one in found
        ):
            break
    hands, near_misses = parted(found, min_score)
    return Detected([_detection(one) for one in hands], near_misses)


def _look(pyramid: Pyramid, window: Window, model: HandModel) -> Iterator[Finding]:
    view = pyramid.view(window, _VIEW_SIDE)
    if is_flat(view):
        return
    for sigma in _BLURS:
        for joints, side in model.hands(blurred(view, sigma)):
            yield Finding(window.to_image(joints), side)


def _detection(agreement: Agreement) -> Detection:
    """A hand whose outline is the hull of its joints, each as thick as a finger."""
    joints = agreement.landmarks
    thickness = _FINGER * float(np.linalg.norm(joints[_MIDDLE_KNUCKLE] - joints[_WRIST]))
    angles = np.arange(8) * (np.pi / 4)
    rim = np.column_stack([np.cos(angles), np.sin(angles)]) * thickness
    cloud = (joints[:, None, :] + rim).reshape(-1, 2).astype(np.float32)
    hull = np.asarray(cv2.convexHull(cloud), np.float32).reshape(-1, 2)
    return Detection("hand", agreement.score, hull, joints, agreement.side)
