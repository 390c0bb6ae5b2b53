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
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from local import batch, stack
from shared.detection.face_models import FACE_OVAL
from shared.imaging.geometry import BoolMask, bounding_box, image_box, polygon_mask
from shared.schemas import object_names
from shared.schemas.box import Box
from shared.schemas.documents import Outputs, PromptsDocument, ResultDocument
from shared.schemas.prompt import Label
from shared.segmentation.masks import covered
from tools.evaluation.drawings import Found
from tools.evaluation.in_process import InProcess
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
    find = plain_faces()

    def predict(image: CorpusImage) -> Prediction:
        found = find(root / image.image)
        mask = np.logical_or.reduce([item.mask for item in found], initial=False)
        full = np.zeros((image.height, image.width), bool)
        return Prediction(full | mask, [item.box for item in found])

    return predict


def plain_faces() -> Callable[[Path], list[Found]]:
    """Returns the plain recipe for faces: the ovals of Face Mesh, run once on the BGR image."""
    model: Any = mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=20, refine_landmarks=True
    )

    def find(file: Path) -> list[Found]:
        picture = cv2.imread(str(file))
        found = model.process(picture).multi_face_landmarks or ()
        marks = (np.array([(m.x, m.y) for m in face.landmark], np.float32) for face in found)
        return [_found(shares[FACE_OVAL], image_box(picture)) for shares in marks]

    return find


def plain_hands() -> Callable[[Path], list[Found]]:
    """Returns the plain recipe for hands: the hulls of MediaPipe's joints, on the whole image."""
    model: Any = mp.solutions.hands.Hands(static_image_mode=True, max_num_hands=20)

    def find(file: Path) -> list[Found]:
        picture = np.asarray(cv2.imread(str(file))[..., ::-1], order="C")
        found = model.process(picture).multi_hand_landmarks or ()
        marks = (np.array([(m.x, m.y) for m in hand.landmark], np.float32) for hand in found)
        hulls = (np.asarray(cv2.convexHull(shares)[:, 0]) for shares in marks)
        return [_found(hull, image_box(picture)) for hull in hulls]

    return find


def pipeline(label: Label) -> Callable[[Path], list[Found]]:
    """Returns our recipe, run in this process."""
    steps = InProcess()

    def find(file: Path) -> list[Found]:
        image = steps.decode(file.read_bytes())
        found = steps.segment(image, steps.detect(image, label).detections)
        return [
            Found(item.box, covered([item.mask], image_box(image)), item.prompt) for item in found
        ]

    return find


def _found(shares: npt.NDArray[Any], bounds: Box) -> Found:
    """`shares` is an outline, (n, 2), in shares of the image's width and height."""
    outline = (shares * (bounds.width, bounds.height)).astype(np.float32)
    box = bounding_box(outline).intersection(bounds)
    return Found(box, polygon_mask(outline, bounds))
