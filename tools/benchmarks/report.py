"""Helpers for benchmark reports in Markdown."""

import math
from collections.abc import Sequence


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Returns the lines of a table. All columns except the first contain numbers."""
    rule = ["---", *("---:" for _ in headings[1:])]
    lines = (headings, rule, *rows)
    return ["| " + " | ".join(cells) + " |" for cells in lines] + [""]


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Returns the b of the best fit of cost = a * size ** b: least squares of logarithms."""
    xs, ys = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    x_mean, y_mean = sum(xs) / len(xs), sum(ys) / len(ys)
    covariance = sum((x - x_mean) * (y - y_mean) for x, y in zip(xs, ys, strict=True))
    return covariance / sum((x - x_mean) ** 2 for x in xs)
