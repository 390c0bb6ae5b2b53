"""The score of a face: a probability from what the models say about a proposal."""

from dataclasses import dataclass

import numpy as np

_MEDIAPIPE = 3.0, 0.6
"""Slope and offset for MediaPipe's evidence alone. They were set by their effect on generated
avatars and clip art."""

_TOGETHER = 2.2, 0.6, 0.5, 0.0
"""Slopes for MediaPipe's evidence and the log-odds of MTCNN and of the drawn-face network, and the
offset, fitted by `python -m tools.evaluation.calibration TRUTH.json`."""

_SURE = 0.9
"""A proposal that MediaPipe alone scores as high needs no other model. Lower values save time.
Chosen by hand."""


@dataclass(frozen=True, slots=True)
class Opinions:
    """Log-odds of a face, as MTCNN's output network and the drawn-face network say."""

    mtcnn: float
    drawn_face: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the models say, as log-odds: `mediapipe` is the mean over its views plus a prior.

    `others` is None where MediaPipe was sure.
    """

    mediapipe: float
    others: Opinions | None = None

    @property
    def is_sure(self) -> bool:
        """Whether MediaPipe's evidence suffices."""
        return _mediapipe_score(self.mediapipe) >= _SURE

    @property
    def score(self) -> float:
        """The probability of a face, 0..1. The other models only add to MediaPipe's."""
        alone = _mediapipe_score(self.mediapipe)
        if self.others is None:
            return alone
        mediapipe, mtcnn, drawn_face, offset = _TOGETHER
        together = (
            mediapipe * self.mediapipe
            + mtcnn * self.others.mtcnn
            + drawn_face * self.others.drawn_face
            + offset
        )
        return max(alone, _sigmoid(together))


def _mediapipe_score(evidence: float) -> float:
    slope, offset = _MEDIAPIPE
    return _sigmoid(slope * evidence + offset)


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
