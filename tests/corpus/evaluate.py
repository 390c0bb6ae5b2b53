"""python -m tests.corpus.evaluate MANIFEST: the real pipeline over a corpus, scored."""

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from local import job, stack
from shared.geometry import Box
from tests.corpus.manifest import CorpusImage, Manifest, read_mask
from tests.corpus.scoring import Prediction, Scores, score_corpus

_OUTPUT = Path("evaluation")


def main() -> None:
    """Prints the scores; leaves masks and scores.json in `evaluation/`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    manifest_file: Path = parser.parse_args().manifest
    if not manifest_file.is_file():
        sys.exit(f"{manifest_file}: there is no such manifest.")
    console = Console()
    predict(manifest_file, _OUTPUT, console)
    scores = score_corpus(manifest_file, lambda image: read_prediction(_OUTPUT, image))
    (_OUTPUT / "scores.json").write_text(json.dumps(asdict(scores), indent=1))
    _show(console, scores)


def predict(manifest_file: Path, output: Path, console: Console) -> None:
    """Runs every image through the local system.

    For `a/b.png` of the manifest writes what the corpus's own scorer expects: `a/b.mask.png` and
    `a/b.faces.json`.
    """
    images = Manifest.read(manifest_file).images
    files = {image.image: manifest_file.parent / image.image for image in images}
    with (
        tempfile.TemporaryDirectory(prefix="toonmask-") as root,
        stack.running(Path(root), {"TARGETS": "face"}) as system,
    ):
        ended = job.outcomes(system, job.upload(system, files))
        for outcome in track(ended, "segmenting", total=len(files), console=console):
            if outcome.document is None or outcome.document.outputs is None:
                sys.exit(f"{outcome.name} ended {outcome.status}: {outcome.message}")
            mask_file, faces_file = _prediction_files(output, outcome.name)
            mask_file.parent.mkdir(parents=True, exist_ok=True)
            name = f"{outcome.name}/{outcome.document.outputs.mask}"
            bucket = system.storage.bucket(stack.OUTPUT_BUCKET)
            bucket.blob(name).download_to_filename(str(mask_file))
            boxes = [{"box": instance.box} for instance in outcome.document.instances]
            faces_file.write_text(json.dumps(boxes))


def read_prediction(output: Path, image: CorpusImage) -> Prediction:
    """What `predict` left for an image."""
    mask_file, faces_file = _prediction_files(output, image.image)
    boxes = [Box(*face["box"]) for face in json.loads(faces_file.read_text())]
    return Prediction(read_mask(mask_file), boxes)


def _prediction_files(output: Path, image: str) -> tuple[Path, Path]:
    stem = (output / image).with_suffix("")
    return Path(f"{stem}.mask.png"), Path(f"{stem}.faces.json")


def _show(console: Console, scores: Scores) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for heading in ("", "images", "faces", "recall", "IoU", "boundary F"):
        table.add_column(heading, justify="left" if not heading else "right")
    for kind, row in scores.rows.items():
        figures = (f"{value:.4f}" for value in (row.recall, row.iou, row.boundary_f))
        table.add_row(kind, str(row.images), str(row.faces), *figures)
    console.print(table)
    console.print(f"extra boxes per image {scores.extra_boxes_per_image:.4f}")
    console.print(f"false alarms on {scores.negatives} negatives {scores.false_positive_rate:.4f}")


if __name__ == "__main__":
    main()
