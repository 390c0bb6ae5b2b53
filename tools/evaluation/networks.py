"""python -m tools.evaluation.networks TRUTH… --networks FILE…: compares drawn-face networks.

TRUTH are drawings with faces known by eye (tools/evaluation/truth.py); each FILE is a model that
training has made. For each network the tool tells how well its log-odds order the verified
proposals, how many faces are found with it, and how good its masks are. A network in use is only
replaced by one that is better here.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.progress import track
from scipy.stats import mannwhitneyu

from shared.detection import face_score
from shared.detection.drawn_face_verification import verify_drawn_face
from shared.detection.face_models import FaceModels
from shared.detection.faces import verified_faces
from shared.imaging.boxes import ellipse_in
from shared.imaging.geometry import image_box, polygon_mask
from shared.imaging.pyramid import Pyramid
from shared.networks.drawn_face import DrawnFaceNetwork
from shared.networks.skin import skin_outline
from tools.evaluation.calibration import Function, Sample, Verified, fit, mtcnn_of, samples_of
from tools.evaluation.drawings import GOOD
from tools.evaluation.in_process import InProcess
from tools.evaluation.true_faces import TrueFace, true_faces
from tools.evaluation.truth import read_truth

_FALSE = 8
"""Faces are counted down to the score that so many false proposals exceed."""

Networks = Mapping[str, DrawnFaceNetwork]


def main() -> None:
    """Prints the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truths", type=Path, nargs="+", metavar="truth")
    parser.add_argument("--networks", type=Path, nargs="+", required=True)
    options = parser.parse_args()
    networks = {file.name.partition(".")[0]: DrawnFaceNetwork(file) for file in options.networks}
    if len(networks) < len(options.networks):
        parser.error("two networks have files of one name: the table could not tell them apart")
    drawings = [pair for truth in options.truths for pair in read_truth(truth).items()]
    verify = _Verification(networks)
    samples = [
        sample
        for image, drawing in track(drawings, "verifying")
        for sample in samples_of(verify, image, drawing)
    ]
    outlined = [pair for truth in options.truths for pair in true_faces(truth)]
    ious: dict[str, list[float]] = {name: [] for name in networks}
    for image, faces in track(outlined, "outlining"):
        pyramid = Pyramid.of(InProcess.decode(image.read_bytes()))
        for name, network in networks.items():
            ious[name] += [mask_iou_of(network, pyramid, face) for face in faces]
    sys.stdout.write(report(samples, ious))


def report(samples: Sequence[Sample], ious: Mapping[str, Sequence[float]]) -> str:
    """Returns the table as Markdown: a line for each network."""
    true = np.array([sample.is_true for sample in samples])
    lines = [
        f"{len(samples)} verified proposals, {true.sum()} of them faces; faces with an outline: "
        f"{len(next(iter(ious.values())))}",
        "",
        f"| network | area under the curve | faces found, {_FALSE} false | IoU of masks | good |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for name, of_masks in ious.items():
        log_odds = np.array([sample.evidence[name] for sample in samples])
        area = mannwhitneyu(log_odds[true], log_odds[~true]).statistic / (
            np.count_nonzero(true) * np.count_nonzero(~true)
        )
        good = np.mean(np.array(of_masks) >= GOOD)
        lines.append(
            f"| {name} | {area:.3f} | {found_with(name, samples)} | {np.mean(of_masks):.3f} | "
            f"{good:.0%} |"
        )
    return "\n".join(lines) + "\n"


def found_with(network: str, samples: Sequence[Sample]) -> int:
    """The faces that score higher than all but `_FALSE` false proposals.

    The score is that of MediaPipe, MTCNN and the network, fitted to the samples.
    """
    names = "MediaPipe", "MTCNN", network
    coefficients = fit(samples, Function(names, face_score._TOGETHER))
    slopes = np.array(coefficients[:-1])
    scores = np.array([[s.evidence[name] for name in names] for s in samples]) @ slopes
    true = np.array([sample.is_true for sample in samples])
    further_false = np.sort(scores[~true])[::-1][_FALSE:]
    return int(np.count_nonzero(scores[true] > further_false.max(initial=-np.inf)))


def mask_iou_of(network: DrawnFaceNetwork, pyramid: Pyramid, face: TrueFace) -> float:
    """The IoU of the network's mask of a face whose box is known, 0 if it sees none."""
    skin = skin_outline(pyramid, ellipse_in(np.array(face.box, np.float64)), 0.0, network)
    if skin is None:
        return 0.0
    return face.regions.iou(polygon_mask(skin.polygon, image_box(pyramid.image)))


class _Verification:
    """Verifies all proposals for an image, and asks each network about them."""

    def __init__(self, networks: Networks) -> None:
        self._networks, self._models = networks, FaceModels()

    def __call__(self, pyramid: Pyramid) -> Iterator[Verified]:
        for face in verified_faces(pyramid, self._models):
            mtcnn = mtcnn_of(face, pyramid, self._models)
            evidence = {"MediaPipe": face.evidence.mediapipe, "MTCNN": mtcnn}
            for name, network in self._networks.items():
                drawn = verify_drawn_face(pyramid, face.location, network)
                evidence[name] = drawn.log_odds
            yield Verified(face.location.box, evidence, face.score)


if __name__ == "__main__":
    main()
