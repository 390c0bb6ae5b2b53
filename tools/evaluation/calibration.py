"""python -m tools.evaluation.calibration TRUTH…: the score's probability from what models say.

TRUTH is described in tools/evaluation/truth.py; all files have faces, or all have hands. For every
verified proposal, the tool takes the evidence of the models and whether a true face or hand is
there. It fits the coefficients of the logistic functions to them by maximum likelihood, and prints
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

from shared.detection import face_score, hand_verification
from shared.detection.drawn_face_verification import verify_drawn_face
from shared.detection.face_models import FaceModels
from shared.detection.face_score import Evidence
from shared.detection.faces import verified_faces
from shared.detection.flat_skin_verification import flat_skin_log_odds
from shared.detection.hand_models import HandModels
from shared.detection.hands import outline, verified_hands
from shared.detection.mtcnn_verification import mtcnn_log_odds
from shared.detection.verification import VerifiedFace
from shared.imaging.boxes import FloatBox, bounds_of, iou, overlap
from shared.imaging.pyramid import Pyramid
from shared.schemas.prompt import Label
from tools.evaluation import curves
from tools.evaluation.in_process import InProcess
from tools.evaluation.truth import Drawing, read_truth

_MIN_IOU = 0.4
"""Lowest IoU of a detection's and a true box: the one of docs/quality.md."""

_BINS = (0.0, 0.02, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

MODELS: Mapping[Label, tuple[str, ...]] = {
    "face": ("MediaPipe", "MTCNN", "drawn-face network"),
    "hand": ("palm", "joints"),
}
"""What the curves compare."""

_LIMITED = "MTCNN, limited"


@dataclass(frozen=True, slots=True)
class Function:
    """A logistic function of some evidence: slopes for it, and the offset."""

    evidence: tuple[str, ...]
    coefficients: tuple[float, ...]


FUNCTIONS: Mapping[Label, tuple[Function, ...]] = {
    "face": (
        Function(MODELS["face"], face_score._TOGETHER),
        Function(
            ("MediaPipe", _LIMITED, "drawn-face network", "flat skin"), face_score._IN_FLAT_ART
        ),
    ),
    "hand": (Function(MODELS["hand"], hand_verification._COEFFICIENTS),),
}
"""The functions whose coefficients are fitted to all evidence."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The evidence for a verified proposal, its score, and whether a true face or hand is there."""

    evidence: Mapping[str, float]
    score: float
    is_true: bool


@dataclass(frozen=True, slots=True, eq=False)
class Verified:
    """The box of a verified proposal, the evidence of the models, and the score."""

    box: FloatBox
    evidence: Mapping[str, float]
    score: float


Verify = Callable[[Pyramid], Iterator[Verified]]


def fit(samples: Sequence[Sample], used: Function) -> tuple[float, ...]:
    """Returns the coefficients of the highest likelihood (logistic regression; Platt, 1999).

    score = sigmoid(slopes · evidence + offset); the offset is last. The samples must overlap:
    without errors in both directions, the likelihood has no maximum.
    """
    evidence = np.array([(*(s.evidence[name] for name in used.evidence), 1) for s in samples])
    signs = np.array([1 if sample.is_true else -1 for sample in samples])

    def loss(coefficients: npt.NDArray[np.float64]) -> float:
        return float(np.logaddexp(0, -signs * (evidence @ coefficients)).mean())

    return tuple(minimize(loss, np.array(used.coefficients), method="BFGS").x.tolist())


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
        for sample in samples_of(verify, image, drawing)
    ]
    sys.stdout.write(report(samples, label))
    if options.curves:
        places = sum(len(drawing.places) for drawing in drawings.values())
        curves.draw(options.curves, [(s.is_true, _scores(s, label)) for s in samples], places)


def report(samples: Sequence[Sample], label: Label) -> str:
    """Returns the coefficients and the table as Markdown."""
    lines = [
        f"{len(samples)} verified proposals, {sum(s.is_true for s in samples)} of them {label}s"
    ]
    for used in FUNCTIONS[label]:
        lines.append(f"used:   {_text(used, used.coefficients)}")
        lines.append(f"fitted: {_text(used, fit(samples, used))}")
    lines += ["", f"| score | proposals | {label}s | mean score |", "| --- | ---: | ---: | ---: |"]
    for low, high in pairwise(_BINS):
        group = [sample for sample in samples if low <= sample.score < high]
        if group:
            share = np.mean([sample.is_true for sample in group])
            score = np.mean([sample.score for sample in group])
            lines.append(f"| {low:g}..{high:g} | {len(group)} | {share:.0%} | {score:.0%} |")
    return "\n".join(lines) + "\n"


def _scores(sample: Sample, label: Label) -> dict[str, float]:
    """What the curves compare; the first is a probability."""
    return {"together": sample.score, **{name: sample.evidence[name] for name in MODELS[label]}}


def _text(function: Function, coefficients: Sequence[float]) -> str:
    named = zip((*function.evidence, "offset"), coefficients, strict=True)
    return ", ".join(f"{name} {value:.2f}" for name, value in named)


def samples_of(verify: Verify, image: Path, drawing: Drawing) -> Iterator[Sample]:
    """Yields a sample for each proposal, except those at places that count neither way."""
    pyramid = Pyramid.of(InProcess.decode(image.read_bytes()))
    for found in verify(pyramid):
        is_true = any(iou(found.box, np.array(true.box)) >= _MIN_IOU for true in drawing.places)
        is_unsure = any(overlap(found.box, np.array(place.box)) > 0 for place in drawing.unsure)
        if is_true or not is_unsure:
            yield Sample(found.evidence, found.score, is_true)


def _faces() -> Verify:
    models = FaceModels()

    def verify(pyramid: Pyramid) -> Iterator[Verified]:
        for face in verified_faces(pyramid, models):
            mtcnn = mtcnn_of(face, pyramid, models)
            drawn = verify_drawn_face(pyramid, face.location, models.drawn_face)
            angle = face.location.window(1.0).angle
            flat_skin = flat_skin_log_odds(pyramid, drawn.box, angle, models.drawn_face)
            complete = Evidence(face.evidence.mediapipe, mtcnn, drawn.log_odds, flat_skin)
            yield Verified(
                face.location.box,
                {
                    "MediaPipe": complete.mediapipe,
                    "MTCNN": mtcnn,
                    _LIMITED: max(mtcnn, face_score._LEAST_MTCNN),
                    "drawn-face network": drawn.log_odds,
                    "flat skin": flat_skin,
                },
                complete.score,
            )

    return verify


def mtcnn_of(face: VerifiedFace, pyramid: Pyramid, models: FaceModels) -> float:
    """MTCNN's log-odds, also where verification was sure without them."""
    known = face.evidence.mtcnn
    return mtcnn_log_odds(pyramid, face.location, models.mtcnn) if known is None else known


def _hands() -> Verify:
    models = HandModels()

    def verify(pyramid: Pyramid) -> Iterator[Verified]:
        for hand in verified_hands(pyramid, models):
            evidence = {"palm": hand.evidence.palm, "joints": hand.evidence.joints}
            yield Verified(bounds_of(outline(hand.joints)), evidence, hand.score)

    return verify


if __name__ == "__main__":
    main()
