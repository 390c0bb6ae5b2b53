"""The corpus's rules for scoring masks: recall, IoU, boundary F, false alarms."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shared.imaging.geometry import BoolMask, mask_iou
from shared.schemas.box import Box
from tools.evaluation.manifest import IGNORE, CorpusImage, Manifest, read_label

FOUND = 0.4
"""A true face is found if a predicted box has at least this IoU with it. A rule of the corpus."""

EXTRA = 0.2
"""A predicted box is extra if its IoU with each true face is lower. A rule of the corpus."""

_TOLERANCE = 3
"""Largest distance of matching boundary pixels. A rule of the corpus."""

_IGNORE_BAND = 3
"""Width of the ignored band on each side of a face's edge in label maps, in pixels."""

_EAR_DEPTH = 9
"""Ignored pixels that are farther than this from a face belong to an ear, not to the edge's band.
Chosen by hand: well above the band's width."""

_EAR_MARGIN = 4
"""Pixels around an ear in which predicted boundaries are not scored. Chosen by hand: one more than
the tolerance."""


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
    boundary_f: float = 0.0
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
    distance = ndimage.distance_transform_edt(~truth)
    # A predicted edge in or beside an ear is neither right nor wrong.
    ears = ndimage.binary_dilation(
        (label == IGNORE) & (distance > _EAR_DEPTH), iterations=_EAR_MARGIN
    )
    return ImageScore(
        kind=image.kind,
        hits=tuple(
            any(face.box.iou(box) >= FOUND for box in prediction.boxes) for face in image.faces
        ),
        iou=mask_iou(prediction.mask & scored, truth & scored),
        boundary_f=boundary_f(prediction.mask, distance <= _IGNORE_BAND, ears),
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


def boundary_f(predicted: BoolMask, true: BoolMask, neutral: BoolMask) -> float:
    """Returns the F-score of boundary pixels. Predicted ones in `neutral` are not counted.

    All masks are bool (h, w).
    """
    predicted_edge, true_edge = _edge(predicted) & ~neutral, _edge(true)
    if not true_edge.any() or not predicted_edge.any():
        return float(true_edge.any() == predicted_edge.any())
    precision = _near(true_edge)[predicted_edge].mean()
    recall = _near(predicted_edge)[true_edge].mean()
    total = precision + recall
    return float(2 * precision * recall / total) if total else 0.0


def _edge(mask: BoolMask) -> BoolMask:
    return mask & ~ndimage.binary_erosion(mask, border_value=1)


def _near(edge: BoolMask) -> BoolMask:
    near: npt.NDArray[np.bool_] = ndimage.distance_transform_edt(~edge) <= _TOLERANCE
    return near


def _row(group: list[ImageScore]) -> Row:
    hits = [hit for score in group for hit in score.hits]
    return Row(
        images=len(group),
        faces=len(hits),
        recall=_mean(hits),
        iou=_mean([score.iou for score in group]),
        boundary_f=_mean([score.boundary_f for score in group]),
    )


def _mean(values: list[int] | list[bool] | list[float]) -> float:
    return round(float(np.mean(values)), 4) if values else 0.0
