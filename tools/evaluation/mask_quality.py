"""python -m tools.evaluation.mask_quality TRUTH…: how `quality` predicts the IoU of masks.

TRUTH are drawings with faces known by eye (tools/evaluation/truth.py), or manifests of corpora with
label maps. For each found face with a known outline, the tool compares the quality of the embedded
segmenter's mask with its true IoU. It fits the coefficients of
`shared/segmentation/mask_quality.py` to all of its candidates. With `--picture FILE` it draws the
comparison.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from rich.progress import track
from scipy.optimize import minimize

from shared.imaging.geometry import Image, image_box
from shared.prompting.builder import build_prompts
from shared.schemas.prompt import Prompt, PromptOptions
from shared.segmentation.backends.embedded_masks import EmbeddedMasks
from shared.segmentation.mask_quality import FITTED, FIXED, Evidence
from shared.segmentation.mask_selection import clean, evidence_of, outline_mask
from shared.segmentation.masks import Mask, covered
from tools.evaluation.details import MATCHED
from tools.evaluation.drawings import GOOD
from tools.evaluation.in_process import InProcess
from tools.evaluation.true_faces import TrueFace, true_faces

_BINS = (0.0, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Sample:
    """The evidence of a mask, and its true IoU."""

    evidence: Evidence
    iou: float


def main() -> None:
    """Prints coefficients and the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truths", type=Path, nargs="+", metavar="truth")
    parser.add_argument("--picture", type=Path)
    options = parser.parse_args()
    steps, masks = InProcess(), EmbeddedMasks()
    found: list[list[Sample]] = []
    for file, truths in track([pair for truth in options.truths for pair in true_faces(truth)]):
        image = steps.decode(file.read_bytes())
        detections = steps.detect(image, "face").detections
        for prompt in build_prompts(detections, image_box(image), PromptOptions()):
            true = max(truths, key=lambda truth: truth.box.iou(prompt.box), default=None)
            if true and true.box.iou(prompt.box) >= MATCHED:
                found.append(_samples(masks, image, prompt, true))
    chosen = [max(samples, key=lambda sample: sample.evidence.preference) for samples in found]
    sys.stdout.write(report(chosen, list(chain.from_iterable(found))))
    if options.picture:
        draw(options.picture, chosen)


def report(chosen: Sequence[Sample], candidates: Sequence[Sample]) -> str:
    """Returns the used and the fitted coefficients, and the table of chosen masks."""
    qualities, ious = _values(chosen)
    lines = [
        f"{len(chosen)} masks, {len(candidates)} candidates",
        *(
            f"{name}: predicted IoU {slope:.2f}, offset {offset:.2f}"
            for name, (slope, offset) in (("used", FITTED), ("fitted", fit(candidates)))
        ),
        f"mean error {np.abs(qualities - ious).mean():.3f}",
        "",
        "| quality | masks | mean quality | mean IoU | good |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for low, high in pairwise(_BINS):
        inside = (qualities >= low) & ((qualities < high) | (high == _BINS[-1]))
        if inside.any():
            means = qualities[inside].mean(), ious[inside].mean()
            good = (ious[inside] >= GOOD).mean()
            lines.append(
                f"| {low:g}..{high:g} | {inside.sum()} | {means[0]:.2f} | {means[1]:.2f} | "
                f"{good:.0%} |"
            )
    return "\n".join(lines) + "\n"


def fit(samples: Sequence[Sample]) -> tuple[float, float]:
    """The slope of the predicted IoU and the offset of greatest likelihood.

    A logistic regression on shares: Papke and Wooldridge, "Econometric methods for fractional
    response variables", 1996.
    """
    terms = np.array([[*sample.evidence.terms, 1.0] for sample in samples])
    ious = np.array([sample.iou for sample in samples])
    fixed = terms[:, : len(FIXED)] @ np.array(FIXED)

    def loss(coefficients: npt.NDArray[np.float64]) -> float:
        odds = fixed + terms[:, len(FIXED) :] @ coefficients
        return float((np.logaddexp(0, odds) - ious * odds).mean())

    slope, offset = minimize(loss, np.array(FITTED)).x
    return float(slope), float(offset)


def draw(file: Path, chosen: Sequence[Sample]) -> None:
    """Draws each mask's IoU over its quality, and the means of ten groups of equal size."""
    qualities, ious = _values(chosen)
    figure = Figure(figsize=(6, 5))
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="lightgrey")
    axes.plot(qualities, ious, ".", color="tab:blue", alpha=0.3, label="a mask")
    groups = np.array_split(np.argsort(qualities), 10)
    means = [(qualities[group].mean(), ious[group].mean()) for group in groups if len(group)]
    axes.plot(*zip(*means, strict=True), "o-", color="tab:orange", label="a tenth of them")
    axes.set(xlabel="quality", ylabel="IoU with the true mask", title="reliability of `quality`")
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, dpi=80)


def _values(
    samples: Sequence[Sample],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Qualities and IoUs."""
    qualities = np.array([sample.evidence.quality for sample in samples])
    return qualities, np.array([sample.iou for sample in samples])


def _samples(masks: EmbeddedMasks, image: Image, prompt: Prompt, true: TrueFace) -> list[Sample]:
    """The samples of all candidates for a prompt of a true face."""
    outline, samples = outline_mask(prompt), []
    for candidate in masks.candidates(image[prompt.crop.slices], prompt):
        cleaned = replace(candidate, pixels=clean(candidate.pixels, prompt))
        full = covered([Mask(prompt.crop, cleaned.pixels)], image_box(image))
        evidence = evidence_of(cleaned, prompt, outline)
        samples.append(Sample(evidence, true.regions.iou(full)))
    return samples


if __name__ == "__main__":
    main()
