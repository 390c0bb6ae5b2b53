"""Predictions of the real pipeline and of the plain recipe for a corpus."""

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
class Output:
    """The pipeline's output for one image. `instances` are the masks by instance."""

    prompts: PromptsDocument
    result: ResultDocument
    mask: BoolMask
    instances: dict[str, BoolMask]

    @property
    def prediction(self) -> Prediction:
        """The mask and the boxes that are scored."""
        return Prediction(self.mask, [instance.box for instance in self.result.instances])


def run_pipeline(manifest_file: Path, output: Path, console: Console) -> None:
    """Runs all images through the local system; writes `output/IMAGE/`, as in the output bucket.

    For `a/b.png` of the manifest, it also writes `a/b.mask.png` and `a/b.faces.json`, which the
    corpus's own scorer expects.

    Raises:
        RuntimeError: an image has no image files in its result.
    """
    images = Manifest.read(manifest_file).images
    files = {image.image: manifest_file.parent / image.image for image in images}
    with (
        tempfile.TemporaryDirectory(prefix="toonmask-") as root,
        stack.running(Path(root), {"TARGETS": "face"}) as system,
    ):
        outcomes = batch.outcomes(system, batch.upload(system, files))
        for outcome in track(outcomes, "segmenting", total=len(files), console=console):
            if outcome.document.outputs is None:
                raise RuntimeError(f"{outcome.name} ended {outcome.status}: {outcome.message}")
            folder = output / outcome.name
            batch.fetch(system, outcome.name, output)
            mask = folder / outcome.document.outputs.mask
            folder.with_suffix(".mask.png").write_bytes(mask.read_bytes())
            boxes = [{"box": instance.box} for instance in outcome.document.instances]
            folder.with_suffix(".faces.json").write_text(json.dumps(boxes))


def read_output(output: Path, image: CorpusImage) -> Output:
    """Reads what `run_pipeline` wrote for an image."""
    folder = output / image.image
    result = ResultDocument.model_validate_json((folder / object_names.RESULT).read_bytes())
    return Output(
        PromptsDocument.model_validate_json((folder / object_names.PROMPTS).read_bytes()),
        result,
        read_mask(folder / Outputs().mask),
        {item.id: read_mask(folder / item.files.mask) for item in result.instances},
    )


def plain_recipe(root: Path) -> Callable[[CorpusImage], Prediction]:
    """Returns the plain recipe: Face Mesh once on OpenCV's BGR image, the face oval as the mask."""
    model: Any = mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=20, refine_landmarks=True
    )

    def predict(image: CorpusImage) -> Prediction:
        picture = cv2.imread(str(root / image.image))
        bounds = image_box(picture)
        mask = np.zeros(picture.shape[:2], bool)
        boxes = []
        for face in model.process(picture).multi_face_landmarks or ():
            marks = np.array([(mark.x, mark.y) for mark in face.landmark], np.float32)
            oval = (marks[FACE_OVAL] * (bounds.width, bounds.height)).astype(np.float32)
            mask |= polygon_mask(oval, bounds)
            boxes.append(bounding_box(oval).intersection(bounds))
        return Prediction(mask, boxes)

    return predict
