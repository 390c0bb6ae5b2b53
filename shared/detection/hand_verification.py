"""Verification of palms: MediaPipe's model of the joints looks at views made for each palm.

MediaPipe's own graph drops palms below a confidence of 0.5 and looks once. Most drawn hands are
less clear than that to the detector of palms, but not to the model of the joints.
"""

from dataclasses import dataclass

import numpy as np

from shared.detection.hand_models import JOINTS_SIDE, HandModels, Joints
from shared.detection.proposals import Proposal
from shared.imaging.boxes import FloatBox, bounds_of
from shared.imaging.geometry import Floats, Points
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import Window, blurred, mirrored
from shared.networks.logistic import log_odds_of, probability
from shared.schemas.prompt import Side

_WRIST, _MIDDLE_KNUCKLE = 0, 2
"""Indices of a palm's features."""

_CONTEXT, _SHIFT = 2.6, 0.5
"""Side of a view, and the distance of its centre from the palm's towards the fingers, as multiples
of the palm's longer side. From MediaPipe's graph `palm_detection_detection_to_roi`."""

BLUR = 1.5
"""Gaussian sigma in pixels of a view: it gives flat art the soft gradients of photographs. Without
it, presence separates drawn hands from other things less well. Chosen by hand."""

_MIN_PRESENCE = 0.02
"""Verification ends if the first view has less presence. 3% of the drawn hands of
tools/evaluation/art/hands.json are below that there, and most of all other proposals."""

_COEFFICIENTS = 0.37, 0.94, -2.0
"""Slopes for the log-odds of the palm and of the joints, and the offset. `python -m
tools.evaluation.calibration tools/evaluation/art/hands.json` fits 0.53, 0.85 and -1.44. With an
offset of -1.26, 1 of 72 images without a hand gets a false one, with this one none: a false hand
costs people more than a missed one."""

_LEAST = 0.02
"""A model's probability counts as at least this and at most 1 less this: one view decides nothing
alone."""


@dataclass(frozen=True, slots=True)
class HandEvidence:
    """What the models say, as log-odds: `palm` is the highest of all views, `joints` the mean."""

    palm: float
    joints: float

    @property
    def score(self) -> float:
        """The probability of a hand, 0..1."""
        return probability(_COEFFICIENTS, self.palm, self.joints)


@dataclass(frozen=True, slots=True, eq=False)
class VerifiedHand:
    """A hand: its joints, float32 (21, 2), in image coordinates, and the evidence for it."""

    joints: Points
    side: Side
    evidence: HandEvidence

    @property
    def score(self) -> float:
        """The probability of a hand, 0..1."""
        return self.evidence.score

    @property
    def box(self) -> FloatBox:
        """The bounds of the joints."""
        return bounds_of(self.joints)


@dataclass(frozen=True, slots=True, eq=False)
class SeenHand:
    """A hand as the model of the joints sees it in a view and its mirror image.

    `joints`, float32 (21, 2), are in image coordinates, `presence` (2,) is that of both.
    """

    joints: Points
    side: Side
    presence: Floats


def look(pyramid: Pyramid, window: Window, models: HandModels) -> SeenHand | None:
    """The hand in a window that turns it upright, or None where there is hardly one."""
    picture = blurred(pyramid.view(window, JOINTS_SIDE), BLUR)
    first = models.joints(mirrored(picture)[None])
    if first.presence[0] < _MIN_PRESENCE:
        return None
    second = models.joints(picture[None])
    views = np.stack([_unmirrored(first), second.points[0]])
    presence = np.array([first.presence[0], second.presence[0]])
    points = np.average(views, axis=0, weights=presence)
    # MediaPipe names the side as for a mirrored selfie
    left = (second.left[0] + 1 - first.left[0]) / 2
    joints = window.to_image((points / JOINTS_SIDE).astype(np.float32))
    return SeenHand(joints, "right" if left > 0.5 else "left", presence)


def verify_hand(pyramid: Pyramid, palm: Proposal, models: HandModels) -> VerifiedHand | None:
    """The hand at a palm, or None where the model of the joints sees none."""
    seen = look(pyramid, _window(palm), models)
    if seen is None:
        return None
    joints = float(np.mean([log_odds_of(float(one), _LEAST) for one in seen.presence]))
    evidence = HandEvidence(log_odds_of(palm.confidence, _LEAST), joints)
    return VerifiedHand(seen.joints, seen.side, evidence)


def _window(palm: Proposal) -> Window:
    """The square around the hand of a palm, rotated so that the middle finger points upwards."""
    across, down = palm.features[_MIDDLE_KNUCKLE] - palm.features[_WRIST]
    angle = float(np.arctan2(across, -down))
    x, y = (palm.box[:2] + palm.box[2:]) / 2
    shift = _SHIFT * palm.side
    centre = float(x + shift * np.sin(angle)), float(y - shift * np.cos(angle))
    return Window(centre, _CONTEXT * palm.side, angle)


def _unmirrored(joints: Joints) -> Floats:
    """The points of the first picture as they are in the picture that was not mirrored."""
    return (joints.points[0] * (-1, 1) + (JOINTS_SIDE, 0)).astype(np.float32)
