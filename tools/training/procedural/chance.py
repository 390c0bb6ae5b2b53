"""Random choices."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import numpy as np

Rng = np.random.Generator

_T = TypeVar("_T")


def chance(rng: Rng, probability: float) -> bool:
    return bool(rng.random() < probability)


def between(rng: Rng, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def around_zero(rng: Rng, deviation: float) -> float:
    """Normally distributed, with this standard deviation."""
    return float(rng.normal(0, deviation))


def count(rng: Rng, low: int, high: int) -> int:
    """A whole number from `low` to `high` - 1."""
    return int(rng.integers(low, high))


def either_side(rng: Rng) -> int:
    """-1, left, or 1, right."""
    return int(rng.choice([-1, 1]))


def pick(rng: Rng, options: Sequence[_T]) -> _T:
    return options[int(rng.integers(len(options)))]


def weighted(rng: Rng, options: Mapping[_T, float]) -> _T:
    """One of the keys; values are weights."""
    weights = np.array(list(options.values()))
    return list(options)[int(rng.choice(len(weights), p=weights / weights.sum()))]
