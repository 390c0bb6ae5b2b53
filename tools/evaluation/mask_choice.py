"""python -m tools.evaluation.mask_choice TRUTH…: how often the right one of three masks is chosen.

TRUTH are drawings with faces known by eye (tools/evaluation/truth.py), or manifests of corpora with
label maps. For each found face with a known mask, the tool makes triples of candidates as SAM2
returns them (tools/evaluation/candidates.py), and chooses. The right ones have an IoU of 0.9 with
the true mask, or at most 0.02 less than the best of the three. It also fits CHOICE of
`shared/segmentation/mask_quality.py`, with cross-validation by image. With `--with-hair`, prompts
mean the head with hair.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.progress import track
from scipy.optimize import minimize

from shared.schemas.prompt import SKIN_ONLY
from shared.segmentation.mask_quality import CHOICE, Evidence
from tools.evaluation.choices import HEAD_PARTS, Choice, Choices
from tools.evaluation.true_faces import true_faces

_COUNT = 12
"""Triples for each face. Chosen by hand."""

_FOLDS = 10
"""Parts of the images for cross-validation."""

_RIDGE = 0.001
"""Weight of the sum of squared coefficients in the loss: without it they have no bound where
evidence separates right masks from wrong ones."""

_Weights = npt.NDArray[np.float64]
_Measure = Callable[[Evidence], float]


def main() -> None:
    """Prints the win rates as Markdown, the fitted coefficients, and what is chosen wrongly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truths", type=Path, nargs="+", metavar="truth")
    parser.add_argument("--with-hair", action="store_true")
    options = parser.parse_args()
    parts = HEAD_PARTS if options.with_hair else SKIN_ONLY
    maker = Choices()
    images = [(truth, *pair) for truth in options.truths for pair in true_faces(truth)]
    made: dict[Path, list[Choice]] = {truth: [] for truth in options.truths}
    for truth, file, faces in track(images):
        made[truth] += maker.of(file, faces, parts, _COUNT)
    sys.stdout.write(report(made))


def report(choices: dict[Path, list[Choice]]) -> str:
    """Returns the win rates of the choices from each file, and the coefficients."""
    everything = [choice for of_file in choices.values() for choice in of_file]
    by_fold = [fit([c for c in everything if _fold(c) != fold]) for fold in range(_FOLDS)]
    lines = [
        f"in use {CHOICE}, fitted {tuple(fit(everything).round(2).tolist())}",
        "",
        "| | faces | choices | predicted IoU | `quality` | in use | cross-validated |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for file, of_file in choices.items():
        faces = len({(choice.image, choice.prompt.id) for choice in of_file})
        rates = [
            win_rate(of_file, lambda evidence: evidence.predicted_iou or 0.0),
            win_rate(of_file, lambda evidence: evidence.quality),
            win_rate(of_file, lambda evidence: evidence.preference),
            float(np.mean([_wins(c, _by(by_fold[_fold(c)])) for c in of_file])),
        ]
        cells = [str(file), str(faces), str(len(of_file)), *(f"{rate:.1%}" for rate in rates)]
        lines.append(f"| {' | '.join(cells)} |")
    wrong = Counter(_chosen_kind(c) for c in everything if not _wins(c, _in_use))
    lines += ["", "chosen wrongly: " + ", ".join(f"{n} {kind}" for kind, n in wrong.most_common())]
    return "\n".join(lines) + "\n"


def win_rate(choices: Sequence[Choice], measure: _Measure) -> float:
    """The share of choices in which the candidate with the highest measure is right."""
    return float(np.mean([_wins(choice, measure) for choice in choices]))


def fit(choices: Sequence[Choice]) -> _Weights:
    """The coefficients of Evidence's terms of greatest likelihood, none below zero.

    A conditional logit: of three candidates, one is meant with a probability proportional to the
    exponential of its preference (McFadden, "Conditional logit analysis of qualitative choice
    behavior", 1974). Where several are right, their probabilities add up. What speaks for a mask
    must not count against it, so no coefficient is negative.
    """
    terms = np.array([[evidence.terms for evidence in choice.evidence] for choice in choices])
    right = np.array([choice.is_right for choice in choices])

    def loss(weights: _Weights) -> float:
        odds = terms @ weights
        shifted = np.exp(odds - odds.max(axis=1, keepdims=True))
        likelihood = (shifted * right).sum(axis=1) / shifted.sum(axis=1)
        return float(-np.log(likelihood + 1e-12).mean() + _RIDGE * weights @ weights)

    found = minimize(loss, np.array(CHOICE), bounds=[(0, None)] * len(CHOICE))
    return np.asarray(found.x)


def _wins(choice: Choice, measure: _Measure) -> bool:
    return choice.is_right[_chosen(choice, measure)]


def _chosen(choice: Choice, measure: _Measure) -> int:
    return int(np.argmax([measure(evidence) for evidence in choice.evidence]))


def _chosen_kind(choice: Choice) -> str:
    return choice.options[_chosen(choice, _in_use)].kind


def _in_use(evidence: Evidence) -> float:
    return evidence.preference


def _by(weights: _Weights) -> _Measure:
    return lambda evidence: float(weights @ evidence.terms)


def _fold(choice: Choice) -> int:
    """The part of the images that this one is in: the same on each machine."""
    return sum(choice.image.name.encode()) % _FOLDS


if __name__ == "__main__":
    main()
