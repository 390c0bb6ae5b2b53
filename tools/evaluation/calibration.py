"""python -m tools.evaluation.calibration TRUTH…: the score's probability from what models say.

TRUTH is described in tools/evaluation/truth.py; all files have faces, or all have hands. For every
verified proposal, the tool takes the evidence of the models and whether a true face or hand is
there. It fits the coefficients of the logistic function to them by maximum likelihood, and prints
the fitted and the used coefficients, and for ranges of the score the share of true ones. With
`--curves FILE` it draws how reliable the scores are, and precision and recall of each model.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.progress import track
from scipy.optimize import minimize

from shared.decoding import pixels
from shared.detection import face_score, hand_verification
from shared.detection.drawn_face_verification import verify_drawn_face
from shared.detection.face_models import FaceModels
from shared.detection.face_score import Evidence
from shared.detection.faces import verified_faces
from shared.detection.hand_models import HandModels
from shared.detection.hands import outline, verified_hands
from shared.detection.mtcnn_verification import mtcnn_log_odds
from shared.imaging.boxes import FloatBox, bounds_of, iou, overlap
from shared.imaging.pyramid import Pyramid
from shared.schemas.prompt import Label
from tools.evaluation import curves
from tools.evaluation.truth import Drawing, read_truth

_MIN_IOU = 0.4
"""Lowest IoU of a detection's and a true box: the one of docs/quality.md."""

_MAX_PIXELS = 50_000_000
_BINS = (0.0, 0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

MODELS: Mapping[Label, tuple[str, ...]] = {
    "face": ("MediaPipe", "MTCNN", "drawn-face network"),
    "hand": ("palm", "joints"),
}
"""Whose log-odds the evidence has."""

USED: Mapping[Label, tuple[float, ...]] = {
    "face": face_score._TOGETHER,
    "hand": hand_verification._COEFFICIENTS,
}
"""Slopes for them, and the offset."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The evidence for a verified proposal, its score, and whether a true face or hand is there."""

    evidence: tuple[float, ...]
    score: float
    is_true: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Verified:
    box: FloatBox
    evidence: tuple[float, ...]
    score: float


Verify = Callable[[Pyramid], Iterator[_Verified]]


def fit(samples: Sequence[Sample], start: Sequence[float]) -> tuple[float, ...]:
    """Returns the coefficients of the highest likelihood (logistic regression; Platt, 1999).

    score = sigmoid(slopes · evidence + offset); the offset is last, in `start` too. The samples
    must overlap: without errors in both directions, the likelihood has no maximum.
    """
    evidence = np.array([(*sample.evidence, 1) for sample in samples])
    signs = np.array([1 if sample.is_true else -1 for sample in samples])

    def loss(coefficients: npt.NDArray[np.float64]) -> float:
        return float(np.logaddexp(0, -signs * (evidence @ coefficients)).mean())

    return tuple(minimize(loss, np.array(start), method="BFGS").x.tolist())


def main() -> None:
    """Prints the coefficients and the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truth", type=Path, nargs="+")
    parser.add_argument("--curves", type=Path)
    options = parser.parse_args()
    drawings = {image: one for file in options.truth for image, one in read_truth(file).items()}
    labels = {drawing.label for drawing in drawings.values()}
    if len(labels) != 1:
        sys.exit("Faces and hands have different scores: name files of one of them only.")
    (label,) = labels
    verify = {"face": _faces, "hand": _hands}[label]()
    samples = [
        sample
        for image, drawing in track(drawings.items(), "verifying")
        for sample in _samples(verify, image, drawing)
    ]
    sys.stdout.write(report(samples, label))
    if options.curves:
        places = sum(len(drawing.places) for drawing in drawings.values())
        curves.draw(options.curves, [(s.is_true, _scores(s, label)) for s in samples], places)


def report(samples: Sequence[Sample], label: Label) -> str:
    """Returns the coefficients and the table as Markdown."""
    used = USED[label]
    lines = [
        f"{len(samples)} verified proposals, {sum(s.is_true for s in samples)} of them {label}s",
        f"used:   {_text(used, label)}",
        f"fitted: {_text(fit(samples, used), label)}",
        "",
        f"| score | proposals | {label}s | mean score |",
        "| --- | ---: | ---: | ---: |",
    ]
    for low, high in pairwise(_BINS):
        group = [sample for sample in samples if low <= sample.score < high]
        if group:
            share = np.mean([sample.is_true for sample in group])
            score = np.mean([sample.score for sample in group])
            lines.append(f"| {low:g}..{high:g} | {len(group)} | {share:.0%} | {score:.0%} |")
    return "\n".join(lines) + "\n"


def _scores(sample: Sample, label: Label) -> dict[str, float]:
    """What the curves compare; the first is a probability."""
    return {"together": sample.score, **dict(zip(MODELS[label], sample.evidence, strict=True))}


def _text(coefficients: Sequence[float], label: Label) -> str:
    named = zip((*MODELS[label], "offset"), coefficients, strict=True)
    return ", ".join(f"{name} {value:.2f}" for name, value in named)


def _samples(verify: Verify, image: Path, drawing: Drawing) -> Iterator[Sample]:
    """Yields a sample for each proposal, except those at places that count neither way."""
    pyramid = Pyramid.of(pixels.decode(image.read_bytes(), _MAX_PIXELS))
    for found in verify(pyramid):
        is_true = any(iou(found.box, np.array(true.box)) >= _MIN_IOU for true in drawing.places)
        is_unsure = any(overlap(found.box, np.array(place.box)) > 0 for place in drawing.unsure)
        if is_true or not is_unsure:
            yield Sample(found.evidence, found.score, is_true)


def _faces() -> Verify:
    models = FaceModels()

    def verify(pyramid: Pyramid) -> Iterator[_Verified]:
        for face in verified_faces(pyramid, models):
            mediapipe, mtcnn, drawn_face = (
                face.evidence.mediapipe,
                face.evidence.mtcnn,
                face.evidence.drawn_face,
            )
            # verification asks no further model once the result is sure
            if mtcnn is None:
                mtcnn = mtcnn_log_odds(pyramid, face.location, models.mtcnn)
            if drawn_face is None:
                drawn_face = verify_drawn_face(pyramid, face.location, models.drawn_face).log_odds
            complete = Evidence(mediapipe, mtcnn, drawn_face)
            yield _Verified(face.location.box, (mediapipe, mtcnn, drawn_face), complete.score)

    return verify


def _hands() -> Verify:
    models = HandModels()

    def verify(pyramid: Pyramid) -> Iterator[_Verified]:
        for hand in verified_hands(pyramid, models):
            evidence = hand.evidence.palm, hand.evidence.joints
            yield _Verified(bounds_of(outline(hand.joints)), evidence, hand.score)

    return verify


if __name__ == "__main__":
    main()
