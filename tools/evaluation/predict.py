"""Predictions for a corpus: the real pipeline's, and the plain recipe's."""

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import mediapipe as mp
import numpy as np
from rich.console import Console
from rich.progress import track

from local import batch, stack
from shared.detection.face_models import FACE_OVAL
from shared.imaging.geometry import BoolMask, bounding_box, image_box, polygon_mask
from shared.schemas import object_names
from shared.schemas.documents import Outputs, PromptsDocument, ResultDocument
from tools.evaluation.manifest import CorpusImage, Manifest, read_mask
from tools.evaluation.scoring import Prediction


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """All that the pipeline said of one image."""

    prompts: PromptsDocument
    result: ResultDocument
    mask: BoolMask
    instances: dict[str, BoolMask]

    @property
    def prediction(self) -> Prediction:
        """What is scored."""
        return Prediction(self.mask, [instance.box for instance in self.result.instances])


def run_pipeline(manifest_file: Path, output: Path, console: Console) -> None:
    """Runs every image through the local system; leaves `output/IMAGE/`, as the bucket has it.

    Beside it, for `a/b.png` of the manifest, what the corpus's own scorer expects: `a/b.mask.png`
    and `a/b.faces.json`.

    Raises:
        RuntimeError: an image came to no pictures.
    """
    images = Manifest.read(manifest_file).images
    files = {image.image: manifest_file.parent / image.image for image in images}
    with (
        tempfile.TemporaryDirectory(prefix="toonmask-") as root,
        stack.running(Path(root), {"TARGETS": "face"}) as system,
    ):
        ended = batch.outcomes(system, batch.upload(system, files))
        for outcome in track(ended, "segmenting", total=len(files), console=console):
            if outcome.document.outputs is None:
                raise RuntimeError(f"{outcome.name} ended {outcome.status}: {outcome.message}")
            folder = output / outcome.name
            batch.fetch(system, outcome.name, output)
            mask = folder / outcome.document.outputs.mask
            folder.with_suffix(".mask.png").write_bytes(mask.read_bytes())
            boxes = [{"box": instance.box} for instance in outcome.document.instances]
            folder.with_suffix(".faces.json").write_text(json.dumps(boxes))


def read_answer(output: Path, image: CorpusImage) -> Answer:
    """What `run_pipeline` left for an image."""
    folder = output / image.image
    result = ResultDocument.model_validate_json((folder / object_names.RESULT).read_bytes())
    return Answer(
        PromptsDocument.model_validate_json((folder / object_names.PROMPTS).read_bytes()),
        result,
        read_mask(folder / Outputs().mask),
        {one.id: read_mask(folder / one.files.mask) for one in result.instances},
    )


def plain_recipe(root: Path) -> Callable[[CorpusImage], Prediction]:
    """What most would write: OpenCV's BGR image into Face Mesh, once; the face oval as the mask."""
    model: Any = mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=20, refine_landmarks=True
    )

    def predict(image: CorpusImage) -> Prediction:
        picture = cv2.imread(str(root / image.image))
        whole = image_box(picture)
        mask = np.zeros(picture.shape[:2], bool)
        boxes = []
        for face in model.process(picture).multi_face_landmarks or ():
            marks = np.array([(mark.x, mark.y) for mark in face.landmark], np.float32)
            oval = (marks[FACE_OVAL] * (whole.width, whole.height)).astype(np.float32)
            mask |= polygon_mask(oval, whole)
            boxes.append(bounding_box(oval).intersection(whole))
        return Prediction(mask, boxes)

    return predict
