"""Verification of face proposals by the drawn-face network."""

from dataclasses import dataclass

import numpy as np

from shared.detection.drawn_face import SIDE, STRIDE, DrawnFaceNetwork
from shared.detection.proposals import Proposal
from shared.detection.pyramid import Pyramid
from shared.detection.windows import mirrored
from shared.imaging.boxes import FloatBox

_CONTEXTS = (1.7, 2.1)
"""Sides of the views, as multiples of the proposal's side. The network then sees the face in the
middle of the sizes that it was taught. Other pairs between 1.3 and 2.6, and all four of 1.3, 1.7,
2.1 and 2.6, find as many faces on four sets of drawings, within 2%."""

_CENTRE = slice(SIDE // STRIDE // 2 - 2, SIDE // STRIDE // 2 + 2)
"""The rows and columns of cells at which a face counts: the middle third of a view."""


@dataclass(frozen=True, slots=True, eq=False)
class DrawnFace:
    """Log-odds of a face at the proposal's place, and its box, in image coordinates."""

    log_odds: float
    box: FloatBox


def verify_drawn_face(pyramid: Pyramid, proposal: Proposal, network: DrawnFaceNetwork) -> DrawnFace:
    """What the network sees there: the mean over views, half of them mirrored."""
    windows = [proposal.window(context) for context in _CONTEXTS]
    views = [pyramid.view(window, SIDE) for window in windows]
    cells = network.faces(np.stack([*views, *map(mirrored, views)]))
    log_odds = cells.log_odds[:, _CENTRE, _CENTRE].reshape(2 * len(views), -1)
    boxes = cells.boxes[:, _CENTRE, _CENTRE].reshape(2 * len(views), -1, 4)
    best = log_odds.argmax(axis=1)
    located = [
        window.box_to_image(boxes[view, best[view]] / SIDE) for view, window in enumerate(windows)
    ]
    return DrawnFace(float(log_odds.max(axis=1).mean()), np.mean(located, axis=0))
