"""python -m tools.evaluation.evaluate MANIFEST: runs the real pipeline on a corpus and scores it.

MANIFEST is the manifest of a corpus with label maps, or drawings with truth made by eye
(tools/evaluation/art/README.md). With `--document FILE`, the tables replace those in a Markdown
file.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import track

from shared.decoding import pixels
from shared.detection.detections import Detection
from shared.detection.detector import Detector
from shared.imaging.geometry import bounding_box
from shared.schemas.box import Box
from tools.evaluation import details, drawings, history, predict, sheet
from tools.evaluation.drawings import score_drawing
from tools.evaluation.history import Figures
from tools.evaluation.manifest import CorpusImage, Manifest
from tools.evaluation.report import report, write_into
from tools.evaluation.scoring import Prediction, Scores, score_corpus, score_image, summarise
from tools.evaluation.truth import read_truth

_OUTPUT = Path("evaluation")
_THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
"""Values of MIN_SCORE in the report."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Tables in Markdown, for the place of this name in a document, and the figures in short."""

    name: str
    tables: str
    figures: Figures


def main() -> None:
    """Prints the tables; writes them and what a corpus yields to `evaluation/`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("--document", type=Path)
    options = parser.parse_args()
    manifest_file: Path = options.manifest
    if not manifest_file.is_file():
        sys.exit(f"{manifest_file}: no such manifest.")
    console = Console()
    is_corpus = "images" in json.loads(manifest_file.read_bytes())
    evaluate = _evaluate_corpus if is_corpus else _evaluate_drawings
    _OUTPUT.mkdir(exist_ok=True)
    done = evaluate(manifest_file, console)
    (_OUTPUT / "report.md").write_text(done.tables)
    console.print(Markdown(done.tables))
    if options.document:
        write_into(options.document, done.tables, done.name)
        history.append(options.document, done.name, done.figures)


def _evaluate_drawings(truth_file: Path, console: Console) -> Evaluation:
    truth = read_truth(truth_file)
    label = next(iter(truth.values())).label
    plain = predict.plain_faces() if label == "face" else predict.plain_hands()
    find = predict.pipeline(label)
    files = track(truth, "scoring", console=console)
    found = {file: (find(file), plain(file)) for file in files}
    wrong = sheet.wrong_drawings((file, truth[file], ours) for file, (ours, _) in found.items())
    PillowImage.fromarray(wrong).save(_OUTPUT / "worst.png")
    ours = [score_drawing(truth[file], by_us) for file, (by_us, _) in found.items()]
    theirs = [score_drawing(truth[file], by_plain) for file, (_, by_plain) in found.items()]
    tables = drawings.report(ours, theirs, label)
    return Evaluation(f"drawn {label}s", tables, drawings.figures(ours))


def _evaluate_corpus(manifest_file: Path, console: Console) -> Evaluation:
    root, manifest = manifest_file.parent, Manifest.read(manifest_file)
    corpus = manifest.images
    predict.run_pipeline(manifest_file, _OUTPUT, console)
    outputs = [(image, predict.read_output(_OUTPUT, image)) for image in corpus]
    cases = [
        (image, output.prediction, score_image(image, root, output.prediction))
        for image, output in outputs
    ]
    scores = summarise(score for _, _, score in cases)
    found = list(chain.from_iterable(details.details_of(i, root, o) for i, o in outputs))
    text = report(
        scores,
        score_corpus(manifest_file, predict.plain_recipe(root)),
        details.summary(found) if found else None,
        list(_curve(manifest_file, corpus, console)),
    )
    (_OUTPUT / "scores.json").write_text(json.dumps(asdict(scores), indent=1))
    PillowImage.fromarray(sheet.worst_cases(cases, root)).save(_OUTPUT / "worst.png")
    total = scores.rows["ALL"]
    figures = Figures(
        total.recall, total.iou, scores.extra_boxes_per_image, scores.false_positive_rate
    )
    return Evaluation(manifest.name, text, figures)


def _curve(
    manifest_file: Path, corpus: list[CorpusImage], console: Console
) -> Iterator[tuple[float, Scores]]:
    """Yields the scores of the detector alone by MIN_SCORE. Boxes are the bounds of outlines."""
    detector = Detector()
    detections: dict[str, list[Detection]] = {}
    for image in track(corpus, "detecting", console=console):
        picture = pixels.decode((manifest_file.parent / image.image).read_bytes(), 10**9)
        found = detector.detect(picture, frozenset({"face"}), min_score=min(_THRESHOLDS))
        detections[image.image] = found.detections

    def prediction(threshold: float) -> Callable[[CorpusImage], Prediction]:
        def predicted(image: CorpusImage) -> Prediction:
            bounds = Box(0, 0, image.width, image.height)
            boxes = [
                bounding_box(found.polygon).intersection(bounds)
                for found in detections[image.image]
                if found.score >= threshold
            ]
            return Prediction(np.zeros((image.height, image.width), bool), boxes)

        return predicted

    for threshold in _THRESHOLDS:
        yield threshold, score_corpus(manifest_file, prediction(threshold))


if __name__ == "__main__":
    main()
