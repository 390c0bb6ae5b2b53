"""The quality of a mask: the IoU that it is expected to have with the true mask."""

from __future__ import annotations

from dataclasses import dataclass

from shared.detection.logistic import log_odds_of, probability

_LEAST = 0.01
"""IoUs count as at least this and at most 1 - `_LEAST`: an exact 0 or 1 has no log-odds."""

_UNKNOWN_IOU = 0.8
"""Stands for the IoU that a segmenter does not predict: about the mean of those that do."""

COEFFICIENTS = 0.5, 1.0, 0.5, 0.6, 0.0
"""For the log-odds of `outline`, for `positive` and `negative`, for the log-odds of
`predicted_iou`, and the offset. `python -m tools.evaluation.mask_quality` fits them."""


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
            log_odds_of(self.outline, _LEAST),
            self.positive,
            self.negative,
            log_odds_of(predicted, _LEAST),
        )

    @property
    def quality(self) -> float:
        """The expected IoU with the true mask, 0..1."""
        return probability(COEFFICIENTS, *self.terms)
