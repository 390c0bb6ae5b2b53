"""python -m tools.evaluation.calibration TRUTH: how well the scores of faces are calibrated.

TRUTH is described in tools/evaluation/truth.py. For every verified proposal, the tool takes the
evidence of the verification and whether a true face is there. It fits the two coefficients of the
logistic calibration to them by maximum likelihood, and prints the fitted and the used coefficients,
and for ranges of the score the share of true faces.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from shared.decoding import pixels
from shared.detection import verification
from shared.detection.detector import Detector
from shared.imaging.geometry import bounding_box
from tools.evaluation.truth import Drawing, read_truth

_MIN_IOU = 0.4
"""Lowest IoU of a detection's and a true face's box: the one of docs/quality.md."""

_MAX_PIXELS = 50_000_000
_BINS = (0.0, 0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Sample:
    """The evidence (mean log-odds) of one verified proposal, and whether a face is there."""

    evidence: float
    is_face: bool


@dataclass(frozen=True)
class Coefficients:
    """score = sigmoid(slope * evidence + offset)."""

    slope: float
    offset: float

    def score(self, evidence: float) -> float:
        """Returns the score, 0..1."""
        return float(1 / (1 + np.exp(-(self.slope * evidence + self.offset))))

    def evidence(self, score: float) -> float:
        """Returns the evidence that has this score."""
        return float((np.log(score / (1 - score)) - self.offset) / self.slope)


USED = Coefficients(verification._SLOPE, verification._OFFSET)


def fit(samples: Sequence[Sample]) -> Coefficients:
    """Returns the coefficients of the highest likelihood (logistic regression; Platt, 1999).

    The samples must overlap: without errors in both directions, the likelihood has no maximum.
    """
    evidence = np.array([sample.evidence for sample in samples])
    signs = np.array([1 if sample.is_face else -1 for sample in samples])

    def loss(coefficients: tuple[float, float]) -> float:
        slope, offset = coefficients
        return float(np.logaddexp(0, -signs * (slope * evidence + offset)).mean())

    slope, offset = minimize(loss, (USED.slope, USED.offset), method="Nelder-Mead").x
    return Coefficients(float(slope), float(offset))


def main() -> None:
    """Prints the coefficients and the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truth", type=Path)
    drawings = read_truth(parser.parse_args().truth)
    detector = Detector(max_instances=1, min_score=0.0)
    samples = [
        sample
        for image, drawing in drawings.items()
        for sample in _samples(detector, image, drawing)
    ]
    sys.stdout.write(report(samples))


def report(samples: Sequence[Sample]) -> str:
    """Returns the coefficients and the table as Markdown."""
    fitted = fit(samples)
    lines = [
        f"{len(samples)} verified proposals, {sum(s.is_face for s in samples)} of them faces",
        f"used:   slope {USED.slope:.2f}, offset {USED.offset:.2f}",
        f"fitted: slope {fitted.slope:.2f}, offset {fitted.offset:.2f}",
        "",
        "| score | proposals | faces | mean score |",
        "| --- | ---: | ---: | ---: |",
    ]
    scored = [(USED.score(sample.evidence), sample.is_face) for sample in samples]
    for low, high in pairwise(_BINS):
        group = [(score, is_face) for score, is_face in scored if low <= score < high]
        if group:
            scores, are_faces = zip(*group, strict=True)
            lines.append(
                f"| {low:g}..{high:g} | {len(group)} | {np.mean(are_faces):.0%} "
                f"| {np.mean(scores):.0%} |"
            )
    return "\n".join(lines) + "\n"


def _samples(detector: Detector, image: Path, drawing: Drawing) -> Iterator[Sample]:
    """Yields a sample for each proposal, except those at places that count neither way."""
    pictured = pixels.decode(image.read_bytes(), _MAX_PIXELS)
    for detection in detector.detect(pictured, frozenset({"face"})).detections:
        box = bounding_box(detection.polygon)
        is_face = any(box.iou(face.box) >= _MIN_IOU for face in drawing.faces)
        is_unsure = any(box.intersection(place.box).area for place in drawing.unsure)
        if is_face or not is_unsure:
            score = min(max(detection.score, 1e-9), 1 - 1e-9)
            yield Sample(USED.evidence(score), is_face)


if __name__ == "__main__":
    main()
