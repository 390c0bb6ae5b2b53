"""Benchmarks as Markdown."""

import math
from collections.abc import Sequence


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table; all columns but the first are numbers."""
    rule = ["---", *("---:" for _ in headings[1:])]
    lines = (headings, rule, *rows)
    return ["| " + " | ".join(cells) + " |" for cells in lines] + [""]


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """The b of cost = a * size ** b that fits best: least squares in logarithms."""
    xs, ys = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    middle, centre = sum(xs) / len(xs), sum(ys) / len(ys)
    joint = sum((x - middle) * (y - centre) for x, y in zip(xs, ys, strict=True))
    return joint / sum((x - middle) ** 2 for x in xs)
