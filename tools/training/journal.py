"""The evaluations of a run: a JSON line for each, and curves of all as a picture."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

from tools.training.task import Evaluation

LINES = "evaluations.jsonl"
CURVES = "curves.png"


@dataclass(frozen=True, slots=True)
class Position:
    """How far a run is."""

    samples: int
    seconds: float


def record(
    folder: Path, at: Position, losses: dict[str, float], measured: Evaluation, title: str
) -> None:
    """Appends an evaluation, with the recent losses of training, and draws the curves.

    `title` says what the scores are.
    """
    line = {
        "samples": at.samples,
        "minutes": round(at.seconds / 60, 2),
        "losses": _rounded(losses),
        "validation_losses": _rounded(measured.losses),
        "mean_score": round(measured.mean_score, 4),
        **_rounded(measured.further),
        "scores": _rounded(measured.scores),
    }
    with (folder / LINES).open("a") as file:
        file.write(json.dumps(line) + "\n")
    _draw(folder, title)


def _rounded(values: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def _draw(folder: Path, title: str) -> None:
    lines: list[dict[str, Any]] = [
        json.loads(line) for line in (folder / LINES).read_text().splitlines()
    ]
    minutes = [line["minutes"] for line in lines]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(14, 6))
    for number, name in enumerate(lines[0]["losses"]):
        for values, style in (("losses", "--"), ("validation_losses", "-")):
            label = name if style == "-" else None
            ys = [line[values][name] for line in lines]
            left.plot(minutes, ys, style, color=f"C{number}", label=label)
    left.set(xlabel="minutes", title="losses (dashed: training)", yscale="log")
    left.legend()
    for kind in sorted({kind for line in lines for kind in line["scores"]}):
        ys = [line["scores"].get(kind) for line in lines]
        right.plot(minutes, ys, label=kind, linewidth=0.8)
    right.plot(minutes, [line["mean_score"] for line in lines], "k", linewidth=2, label="mean")
    right.set(xlabel="minutes", title=title, ylim=(0, 1))
    right.legend(fontsize=5, ncols=3)
    figure.tight_layout()
    figure.savefig(folder / CURVES, dpi=80)
    pyplot.close(figure)
