"""The corpus's rules for scoring masks: recall, IoU, edges, false alarms."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from shared.imaging.geometry import BoolMask, mask_iou
from shared.schemas.box import Box
from tools.evaluation.boundaries import BoundaryScores, boundary_scores
from tools.evaluation.manifest import IGNORE, CorpusImage, Manifest, read_label

FOUND = 0.4
"""A true face is found if a predicted box has at least this IoU with it. A rule of the corpus."""

EXTRA = 0.2
"""A predicted box is extra if its IoU with each true face is lower. A rule of the corpus."""


_NO_EDGES = BoundaryScores(0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The prediction for one image: the union of all masks, bool (h, w), and the boxes."""

    mask: BoolMask
    boxes: list[Box]


@dataclass(frozen=True, slots=True)
class ImageScore:
    """The scores of one image. For an image without faces, only `is_false_alarm` is valid."""

    kind: str
    hits: tuple[bool, ...] = ()
    iou: float = 0.0
    boundaries: BoundaryScores = _NO_EDGES
    extra_boxes: int = 0
    is_false_alarm: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """The scores of a group of images with faces."""

    images: int
    faces: int
    recall: float
    iou: float
    boundary_f: float
    drawn_boundary_f: float


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of a corpus. `rows` has one entry for each style, for `scenes`, and for `ALL`."""

    rows: dict[str, Row]
    extra_boxes_per_image: float
    negatives: int
    false_positive_rate: float


def score_corpus(manifest_file: Path, predict: Callable[[CorpusImage], Prediction]) -> Scores:
    """Scores the predictions for all images of a manifest."""
    root = manifest_file.parent
    return summarise(
        score_image(image, root, predict(image)) for image in Manifest.read(manifest_file).images
    )


def score_image(image: CorpusImage, root: Path, prediction: Prediction) -> ImageScore:
    """Scores one image.

    Raises:
        ValueError: the sizes of mask and image differ.
    """
    if prediction.mask.shape != (image.height, image.width):
        raise ValueError(f"{image.image}: the mask has the shape {prediction.mask.shape}")
    if image.label is None:
        alarm = bool(prediction.mask.any() or prediction.boxes)
        return ImageScore(image.kind, is_false_alarm=alarm)
    label = read_label(root / image.label)
    truth, scored = (label > 0) & (label < IGNORE), label != IGNORE
    picture = cv2.cvtColor(cv2.imread(str(root / image.image)), cv2.COLOR_BGR2RGB)
    return ImageScore(
        kind=image.kind,
        hits=tuple(
            any(face.box.iou(box) >= FOUND for box in prediction.boxes) for face in image.faces
        ),
        iou=mask_iou(prediction.mask & scored, truth & scored),
        boundaries=boundary_scores(prediction.mask, label, np.asarray(picture, np.uint8)),
        extra_boxes=sum(
            not any(face.box.iou(box) >= EXTRA for face in image.faces) for box in prediction.boxes
        ),
    )


def summarise(scores: Iterable[ImageScore]) -> Scores:
    """Returns the means for each style, for scenes, and for all images."""
    groups: dict[str, list[ImageScore]] = defaultdict(list)
    negatives: list[ImageScore] = []
    for score in scores:
        if score.kind == "negatives":
            negatives.append(score)
        else:
            groups[score.kind].append(score)
    styles = sorted(groups.keys() - {"scenes"})
    order = [kind for kind in (*styles, "scenes") if groups[kind]]
    groups["ALL"] = [score for kind in order for score in groups[kind]]
    return Scores(
        rows={kind: _row(groups[kind]) for kind in (*order, "ALL")},
        extra_boxes_per_image=_mean([score.extra_boxes for score in groups["ALL"]]),
        negatives=len(negatives),
        false_positive_rate=_mean([score.is_false_alarm for score in negatives]),
    )


def _row(group: list[ImageScore]) -> Row:
    hits = [hit for score in group for hit in score.hits]
    return Row(
        images=len(group),
        faces=len(hits),
        recall=_mean(hits),
        iou=_mean([score.iou for score in group]),
        boundary_f=_mean([score.boundaries.all for score in group]),
        drawn_boundary_f=_mean([score.boundaries.drawn for score in group]),
    )


def _mean(values: list[int] | list[bool] | list[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0
