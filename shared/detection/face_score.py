"""The score of a face: a probability from what the models say about a proposal."""

from dataclasses import dataclass

import numpy as np

_MEDIAPIPE = 3.0, 0.6
"""Slope and offset for MediaPipe's evidence alone. They were set by their effect on generated
avatars and clip art."""

_TOGETHER = 2.2, 0.6, 0.0
"""Slopes for MediaPipe's evidence and MTCNN's log-odds, and the offset. The slopes are fitted by
`python -m tools.evaluation.calibration TRUTH.json`. The offset is lower than the fitted one: with
that one, 3% of faceless drawings get a false face, with this one 2%; docs/quality.md has both."""

_SURE = 0.9
"""A proposal that MediaPipe alone scores as high needs no other model. Lower values save time.
Chosen by hand."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the models say, as log-odds: `mediapipe` is the mean over its views plus a prior.

    `mtcnn` is None where MediaPipe was sure.
    """

    mediapipe: float
    mtcnn: float | None = None

    @property
    def is_sure(self) -> bool:
        """Whether MediaPipe's evidence suffices."""
        return _mediapipe_score(self.mediapipe) >= _SURE

    @property
    def score(self) -> float:
        """The probability of a face, 0..1. Another model only adds to it.

        MediaPipe finds faces of flat avatars that MTCNN, trained on photographs, takes for none.
        """
        alone = _mediapipe_score(self.mediapipe)
        if self.mtcnn is None:
            return alone
        slope, mtcnn_slope, offset = _TOGETHER
        return max(alone, _sigmoid(slope * self.mediapipe + mtcnn_slope * self.mtcnn + offset))


def _mediapipe_score(evidence: float) -> float:
    slope, offset = _MEDIAPIPE
    return _sigmoid(slope * evidence + offset)


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-value)))
