"""Draws how reliable scores are, and what precision costs in recall."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

_BINS = np.linspace(0, 1, 11)


def draw(file: Path, samples: Sequence[tuple[bool, dict[str, float]]], faces: int) -> None:
    """Writes a PNG. Each sample is whether it is a face, and its scores by model.

    The first score is a probability: the left chart compares it with the share of true faces. The
    right one has precision and recall of each; `faces` is the number of all true faces.
    """
    truth = np.array([is_face for is_face, _ in samples])
    scores = {name: np.array([by_model[name] for _, by_model in samples]) for name in samples[0][1]}
    figure = Figure(figsize=(11, 5))
    left, right = figure.subplots(1, 2)
    probabilities = next(iter(scores.values()))
    rows = [
        (probabilities[inside].mean(), truth[inside].mean(), inside.sum())
        for low, high in pairwise(_BINS)
        if (inside := (probabilities >= low) & (probabilities <= high)).any()
    ]
    left.plot([0, 1], [0, 1], color="lightgrey")
    left.plot([row[0] for row in rows], [row[1] for row in rows], "o-")
    for score, share, count in rows:
        left.annotate(str(count), (score, share), textcoords="offset points", xytext=(6, -10))
    left.set(
        xlabel="score", ylabel="share of true faces", title="reliability (number of proposals)"
    )
    for name, values in scores.items():
        recall, precision = precision_recall(truth, values, faces)
        right.plot(recall, precision, label=name)
    right.set(xlabel="recall", ylabel="precision", title="precision and recall", xlim=(0, 1))
    right.legend(loc="lower left")
    figure.tight_layout()
    figure.savefig(file, dpi=80)


def precision_recall(
    truth: npt.NDArray[np.bool_], scores: npt.NDArray[np.float64], faces: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Recall and precision if the samples with the n highest scores are found, for all n."""
    found = truth[np.argsort(-scores, kind="stable")].cumsum()
    return found / faces, found / np.arange(1, len(truth) + 1)
