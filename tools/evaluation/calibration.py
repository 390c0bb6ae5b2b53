"""python -m tools.evaluation.calibration TRUTH…: the probability of a face from what models say.

TRUTH is described in tools/evaluation/truth.py. For every verified proposal, the tool takes the
evidence of all verifications and whether a true face is there. It fits the coefficients of the
logistic calibration to them by maximum likelihood, and prints the fitted and the used coefficients,
and for ranges of the score the share of true faces. With `--curves FILE` it draws how reliable the
used scores are, and precision and recall of each model, as a picture.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from rich.progress import track
from scipy.optimize import minimize

from shared.decoding import pixels
from shared.detection import face_score
from shared.detection.drawn_face_verification import verify_drawn_face
from shared.detection.face_models import FaceModels
from shared.detection.face_score import Evidence
from shared.detection.faces import verified_faces
from shared.detection.mtcnn_verification import mtcnn_log_odds
from shared.detection.pyramid import Pyramid
from shared.imaging.boxes import iou, overlap
from tools.evaluation import curves
from tools.evaluation.truth import Drawing, read_truth

_MIN_IOU = 0.4
"""Lowest IoU of a detection's and a true face's box: the one of docs/quality.md."""

_MAX_PIXELS = 50_000_000
_BINS = (0.0, 0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


@dataclass(frozen=True)
class Sample:
    """The evidence for a verified proposal, and whether a face is there. All models are asked."""

    mediapipe: float
    mtcnn: float
    drawn_face: float
    is_face: bool

    @property
    def evidence(self) -> Evidence:
        """The evidence as the detector has it."""
        return Evidence(self.mediapipe, self.mtcnn, self.drawn_face)


class Coefficients(NamedTuple):
    """score = sigmoid(slopes · evidence + offset), with the evidence of these models."""

    mediapipe: float
    mtcnn: float
    drawn_face: float
    offset: float


USED = Coefficients(*face_score._TOGETHER)


def fit(samples: Sequence[Sample]) -> Coefficients:
    """Returns the coefficients of the highest likelihood (logistic regression; Platt, 1999).

    The samples must overlap: without errors in both directions, the likelihood has no maximum.
    """
    evidence = np.array([(s.mediapipe, s.mtcnn, s.drawn_face, 1) for s in samples])
    signs = np.array([1 if sample.is_face else -1 for sample in samples])

    def loss(coefficients: npt.NDArray[np.float64]) -> float:
        return float(np.logaddexp(0, -signs * (evidence @ coefficients)).mean())

    return Coefficients(*minimize(loss, np.array(USED), method="BFGS").x.tolist())


def main() -> None:
    """Prints the coefficients and the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truth", type=Path, nargs="+")
    parser.add_argument("--curves", type=Path)
    options = parser.parse_args()
    drawings = {image: one for file in options.truth for image, one in read_truth(file).items()}
    models = FaceModels()
    samples = [
        sample
        for image, drawing in track(drawings.items(), "verifying")
        for sample in _samples(models, image, drawing)
    ]
    sys.stdout.write(report(samples))
    if options.curves:
        faces = sum(len(drawing.faces) for drawing in drawings.values())
        curves.draw(options.curves, [(s.is_face, _scores(s)) for s in samples], faces)


def report(samples: Sequence[Sample]) -> str:
    """Returns the coefficients and the table as Markdown."""
    fitted = fit(samples)
    lines = [
        f"{len(samples)} verified proposals, {sum(s.is_face for s in samples)} of them faces",
        f"used:   {_text(USED)}",
        f"fitted: {_text(fitted)}",
        "",
        "| score | proposals | faces | mean score |",
        "| --- | ---: | ---: | ---: |",
    ]
    scored = [(sample.evidence.score, sample.is_face) for sample in samples]
    for low, high in pairwise(_BINS):
        group = [(score, is_face) for score, is_face in scored if low <= score < high]
        if group:
            scores, are_faces = zip(*group, strict=True)
            lines.append(
                f"| {low:g}..{high:g} | {len(group)} | {np.mean(are_faces):.0%} "
                f"| {np.mean(scores):.0%} |"
            )
    return "\n".join(lines) + "\n"


def _scores(sample: Sample) -> dict[str, float]:
    """What the curves compare; the first is a probability."""
    return {
        "together": sample.evidence.score,
        "MediaPipe": sample.mediapipe,
        "MTCNN": sample.mtcnn,
        "drawn-face network": sample.drawn_face,
    }


def _text(coefficients: Coefficients) -> str:
    return ", ".join(f"{name} {value:.2f}" for name, value in coefficients._asdict().items())


def _samples(models: FaceModels, image: Path, drawing: Drawing) -> Iterator[Sample]:
    """Yields a sample for each proposal, except those at places that count neither way."""
    pyramid = Pyramid.of(pixels.decode(image.read_bytes(), _MAX_PIXELS))
    for face in verified_faces(pyramid, models):
        location = face.location.box
        is_face = any(iou(location, np.array(true.box)) >= _MIN_IOU for true in drawing.faces)
        is_unsure = any(overlap(location, np.array(place.box)) > 0 for place in drawing.unsure)
        if is_face or not is_unsure:
            mtcnn = mtcnn_log_odds(pyramid, face.location, models.mtcnn)
            drawn_face = verify_drawn_face(pyramid, face.location, models.drawn_face).log_odds
            yield Sample(face.evidence.mediapipe, mtcnn, drawn_face, is_face)


if __name__ == "__main__":
    main()
