"""Verification of face proposals by the drawn-face network."""

import numpy as np

from shared.detection.drawn_face import SIDE, STRIDE, DrawnFaceNetwork
from shared.detection.proposals import Proposal
from shared.detection.pyramid import Pyramid
from shared.detection.windows import mirrored

_CONTEXTS = (1.7, 2.1)
"""Sides of the views, as multiples of the proposal's side. The network then sees the face at the
middle of the sizes that it was taught."""

_CENTRE = slice(SIDE // STRIDE // 2 - 2, SIDE // STRIDE // 2 + 2)
"""The cells of a view at which a face counts: a third of its side."""


def drawn_face_log_odds(pyramid: Pyramid, proposal: Proposal, network: DrawnFaceNetwork) -> float:
    """Log-odds that the proposal is a drawn face: the mean over views, half of them mirrored."""
    views = [pyramid.view(proposal.window(context), SIDE) for context in _CONTEXTS]
    cells = network.faces(np.stack([*views, *map(mirrored, views)]))
    return float(cells.logits[:, _CENTRE, _CENTRE].max(axis=(1, 2)).mean())
