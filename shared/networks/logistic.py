"""Log-odds and probabilities."""

import numpy as np


def probability(coefficients: tuple[float, ...], *log_odds: float) -> float:
    """The logistic function of what models say: 0..1.

    `coefficients` are a slope for each of the log-odds, and the offset.
    """
    return float(1 / (1 + np.exp(-np.dot(coefficients, [*log_odds, 1.0]))))


def log_odds_of(probability: float, least: float) -> float:
    """The log-odds of a probability, which counts as at least `least` and at most 1 - `least`."""
    clamped = min(max(probability, least), 1 - least)
    return float(np.log(clamped / (1 - clamped)))
