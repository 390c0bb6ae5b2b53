"""Detection of one face or hand that a person has shown: by a box around it, or by clicks on it.

A person knows where a face is, so nothing decides here whether there is one. The networks only say
how large it is, how it is turned, and where its outline lies.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from shared.detection.detections import Detection
from shared.detection.face_models import FaceModels
from shared.detection.faces import face_detection
from shared.detection.hand_models import PALM_SIDE, HandModels
from shared.detection.hand_verification import BLUR, VerifiedHand, look, verify_hand
from shared.detection.hands import outline as hand_outline
from shared.detection.proposals import Proposal, from_window, fuse_proposals
from shared.detection.verification import verify
from shared.imaging.boxes import FloatBox, centred, ellipse_in, iou
from shared.imaging.geometry import BoolMask, Floats, Points, contains
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import Window, blurred
from shared.networks.drawn_face import SIDE, DrawnFaceNetwork
from shared.schemas.box import Box
from shared.schemas.prompt import SKIN_ONLY, FacePart

_FEATURES = np.array([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.5, 0.78]])
"""Eyes, nose and mouth of an upright face, as shares of its box. They are used where no detector
sees any."""

_SAME_FACE = 0.35
"""Least IoU of a detector's box with the person's: the features are then those of the same face.
Chosen by hand: a detector's box reaches from the brows to the chin, a person's may have hair."""

_SMALLEST = 12
"""Side of the smallest face that a click can mean, in pixels. Chosen by hand."""

_STEP = 1.4
"""Ratio of the sizes of faces that are looked for. The network was taught sizes over a range of
2.2, so each face is seen at two or three of them."""

_CONTEXT = 2.0
"""Side of a view, as a multiple of the size of the face that is looked for: it has then the middle
of the sizes that the network was taught."""

_LEAST_LOG_ODDS = -3.0
"""A click means a face of usual size if the network sees nothing more probable. Chosen by hand."""

_TURNS, _HAND_CONTEXT = 8, 1.3
"""Angles at which the model of the joints looks at a box, and the side of its view as a multiple of
the box's. It knows upright hands, turned by up to some 30 degrees. Chosen by hand."""

_LEAST_PRESENCE = 0.3
"""With less presence of a hand, its outline is the ellipse in the box. Chosen by hand."""

_PALM_CONTEXT, _LEAST_PALM = 2.0, 0.05
"""Side of a view in which a palm is looked for, as a multiple of the hand's size, and the least
confidence. Low, because a person says that there is a hand. Chosen by hand."""

_USUAL = 0.25
"""The usual side of a face, as a share of the image's shorter side. Chosen by hand."""


def face_in_box(
    pyramid: Pyramid, box: Box, models: FaceModels, parts: frozenset[FacePart] = SKIN_ONLY
) -> Detection:
    """The face in a person's box, with the outline of the parts. Its score is 1."""
    return _face(pyramid, np.array(box, np.float64), models, parts)


def face_at(
    pyramid: Pyramid,
    clicks: Sequence[tuple[int, int]],
    models: FaceModels,
    parts: frozenset[FacePart] = SKIN_ONLY,
) -> Detection:
    """The face on which a person has clicked, at one or more pixels (x, y). Its score is 1."""
    return _face(pyramid, _box_at(pyramid, clicks, models.drawn_face), models, parts)


def hand_in_box(pyramid: Pyramid, box: Box, models: HandModels) -> Detection:
    """The hand in a person's box. Its score is 1."""
    bounds = np.array(box, np.float64)
    middle, side = (bounds[:2] + bounds[2:]) / 2, float(max(box.width, box.height))
    windows = [
        Window((middle[0], middle[1]), _HAND_CONTEXT * side, angle)
        for angle in np.arange(_TURNS) * (2 * np.pi / _TURNS)
    ]
    seen = [hand for window in windows if (hand := look(pyramid, window, models))]
    best = max(seen, key=lambda hand: hand.presence.mean(), default=None)
    if best is None or best.presence.mean() < _LEAST_PRESENCE:
        return Detection("hand", 1.0, ellipse_in(bounds))
    return Detection("hand", 1.0, hand_outline(best.joints), best.joints, best.side)


def hand_at(pyramid: Pyramid, clicks: Sequence[tuple[int, int]], models: HandModels) -> Detection:
    """The hand on which a person has clicked, at one or more pixels (x, y). Its score is 1."""
    points = np.array(clicks, np.float64) + 0.5
    middle, extent = points.mean(axis=0), float(np.ptp(points, axis=0).max())
    found: list[VerifiedHand] = []
    for size in _sizes(pyramid, max(_SMALLEST, extent)):
        window = Window((middle[0], middle[1]), _PALM_CONTEXT * size)
        view = blurred(pyramid.view(window, PALM_SIDE), BLUR)
        palms = [from_window(palm, window, PALM_SIDE) for palm in models.palms(view, _LEAST_PALM)]
        hands = (verify_hand(pyramid, palm, models) for palm in fuse_proposals(palms))
        found += [hand for hand in hands if hand and _holds(hand.joints, points)]
    if not found:
        usual = centred(middle, np.full(2, _usual_size(pyramid, extent)))
        return Detection("hand", 1.0, ellipse_in(usual))
    best = max(found, key=lambda hand: hand.score)
    return Detection("hand", 1.0, hand_outline(best.joints), best.joints, best.side)


def _holds(joints: Points, points: npt.NDArray[np.float64]) -> bool:
    outline_of_hand = hand_outline(joints)
    return all(contains(outline_of_hand, x, y) for x, y in points.tolist())


def _face(
    pyramid: Pyramid, box: FloatBox, models: FaceModels, parts: frozenset[FacePart]
) -> Detection:
    size = box[2:] - box[:2]
    shown = Proposal(box, (_FEATURES * size + box[:2]).astype(np.float32), 1.0)
    seen = verify(pyramid, shown, models).location
    if iou(seen.box, box) > _SAME_FACE:
        shown = replace(shown, features=seen.features)
    return face_detection(pyramid, shown, 1.0, models, parts)


def _box_at(
    pyramid: Pyramid, clicks: Sequence[tuple[int, int]], network: DrawnFaceNetwork
) -> FloatBox:
    """The box of the most probable face that contains the clicks, or a square of usual size."""
    points = np.array(clicks, np.float64) + 0.5
    middle, extent = points.mean(axis=0), float(np.ptp(points, axis=0).max())
    windows = [
        Window((middle[0], middle[1]), _CONTEXT * size)
        for size in _sizes(pyramid, max(_SMALLEST, extent))
    ]
    cells = network.faces(np.stack([pyramid.view(window, SIDE) for window in windows]))
    best, found = _LEAST_LOG_ODDS, centred(middle, np.full(2, _usual_size(pyramid, extent)))
    for window, log_odds, boxes in zip(windows, cells.log_odds, cells.boxes, strict=True):
        clicked = window.from_image(points.astype(np.float32)) * SIDE
        odds = np.where(_contain(boxes, clicked), log_odds, -np.inf)
        if odds.max() > best:
            best = float(odds.max())
            box = boxes.reshape(-1, 4)[int(odds.argmax())].astype(np.float64)
            found = window.box_to_image(box / SIDE)
    return found


def _sizes(pyramid: Pyramid, smallest: float) -> list[float]:
    """The sizes to look for, in pixels: from the smallest to the image's."""
    longest = max(pyramid.image.shape[:2])
    count = max(0, math.ceil(math.log(longest / smallest, _STEP))) + 1
    return [smallest * _STEP**number for number in range(count)]


def _usual_size(pyramid: Pyramid, extent: float) -> float:
    return max(_USUAL * min(pyramid.image.shape[:2]), 2 * extent, _SMALLEST)


def _contain(boxes: Floats, points: Points) -> BoolMask:
    """Whether each box, (h, w, 4), contains all points, (n, 2): bool (h, w)."""
    low, high = boxes[..., None, :2], boxes[..., None, 2:]
    return np.asarray(((points >= low) & (points <= high)).all(axis=(2, 3)))
