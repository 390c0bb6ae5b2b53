"""The evidence for a mask: whether it is the one that a prompt means, and its expected IoU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shared.networks.logistic import log_odds_of, probability

_LEAST = 0.01
"""IoUs count as at least this and at most 1 - `_LEAST`: an exact 0 or 1 has no log-odds."""

_MOST_OUTLINE = 0.9
"""A greater IoU with the outline counts as this: the outline is no better. Chosen by hand."""

_UNKNOWN_IOU = 0.8
"""Stands for the IoU that a segmenter does not predict. Chosen by hand: a lower value asks for more
reviews."""

CHOICE = 4.1, 0.0, 0.3, 0.06
"""For the log-odds of `outline`, for `positive`, for `negative` and for the log-odds of
`predicted_iou`: by them the mask of a prompt is chosen. `python -m tools.evaluation.mask_choice`
fits them to candidates like those of SAM2, which are made from true masks: 4.26, 0, 0.35 and 0.06
for faces, 4.0, 0, 0.2 and 0.03 for heads with hair. Those in use are between."""

FIXED = 1.2, 1.0, 0.5
"""For the log-odds of `outline`, for `positive` and for `negative`. They lower the quality of a
mask that does not fit its prompt. Chosen by hand: all masks of the embedded segmenter fit theirs.
"""

FITTED = 0.66, -3.04
"""For the log-odds of `predicted_iou`, and the offset. `python -m tools.evaluation.mask_quality`
fits them to masks of the embedded segmenter."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a mask fits its prompt.

    `outline` is its IoU with the prompt's polygon, `positive` the share of the positive points
    inside it, `negative` the share of the negative points outside it, `predicted_iou` the
    segmenter's own estimate, or None if it has none. All are 0..1.
    """

    outline: float
    positive: float
    negative: float
    predicted_iou: float | None

    @property
    def terms(self) -> tuple[float, float, float, float]:
        """What the coefficients are for."""
        predicted = _UNKNOWN_IOU if self.predicted_iou is None else self.predicted_iou
        return (
            log_odds_of(min(self.outline, _MOST_OUTLINE), _LEAST),
            self.positive,
            self.negative,
            log_odds_of(predicted, _LEAST),
        )

    @property
    def preference(self) -> float:
        """Of the candidates for a prompt, the one with the highest is most probably meant.

        Log-odds but for a constant. It is apart from `quality`: a clean mask of the head with hair
        has a high predicted IoU, so its expected IoU is high too if nothing else is known.
        """
        return float(np.dot(CHOICE, self.terms))

    @property
    def quality(self) -> float:
        """The expected IoU with the true mask, 0..1."""
        return probability((*FIXED, *FITTED), *self.terms)
