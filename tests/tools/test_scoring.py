"""Our scorer gives the same numbers as the corpus's own scorer."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from shared.imaging.geometry import BoolMask, bounding_box
from shared.schemas.box import Box
from tools.evaluation.manifest import IGNORE, CorpusImage, read_label
from tools.evaluation.scoring import Prediction, score_corpus
from tools.support.examples import ROOT

MINI = ROOT / "tools/evaluation/mini/manifest.json"

SPOIL: dict[str, Callable[[BoolMask], BoolMask]] = {
    "perfect": lambda face: face,
    "shifted": lambda face: np.roll(face, 7, axis=1),
    "swollen": lambda face: ndimage.binary_dilation(face, iterations=9),
    "empty": np.zeros_like,
}


def _predict(image: CorpusImage, spoil: Callable[[BoolMask], BoolMask]) -> Prediction:
    """Predicts the true masks, changed by `spoil`; in images without a face, a blob."""
    if image.label is None:
        mask = np.zeros((image.height, image.width), bool)
        mask[10:30, 10:30] = "battery" in image.image
        return Prediction(spoil(mask), [Box(10, 10, 30, 30)] if spoil(mask).any() else [])
    label = read_label(MINI.parent / image.label)
    faces = [spoil(label == number) for number in np.unique(label) if 0 < number < IGNORE]
    boxes = [
        bounding_box(np.argwhere(face)[:, ::-1].astype(np.float32)) for face in faces if face.any()
    ]
    return Prediction(np.any(faces, axis=0), boxes)


EXPECTED: dict[str, dict[str, float]] = {
    "perfect": {
        "avataaars recall": 1.0,
        "avataaars iou": 1.0,
        "avataaars boundary_f": 1.0,
        "ALL recall": 1.0,
        "ALL iou": 1.0,
        "ALL boundary_f": 0.9895,
        "lorelei recall": 1.0,
        "lorelei iou": 1.0,
        "lorelei boundary_f": 0.9945,
        "scenes recall": 1.0,
        "scenes iou": 1.0,
        "scenes boundary_f": 0.9739,
        "extra": 0.0,
        "false alarms": 0.5,
    },
    "shifted": {
        "avataaars recall": 1.0,
        "avataaars iou": 0.9593,
        "avataaars boundary_f": 0.3202,
        "ALL recall": 1.0,
        "ALL iou": 0.948,
        "ALL boundary_f": 0.3197,
        "lorelei recall": 1.0,
        "lorelei iou": 0.9413,
        "lorelei boundary_f": 0.2839,
        "scenes recall": 1.0,
        "scenes iou": 0.9433,
        "scenes boundary_f": 0.355,
        "extra": 0.0,
        "false alarms": 0.5,
    },
    "swollen": {
        "avataaars recall": 1.0,
        "avataaars iou": 0.981,
        "avataaars boundary_f": 0.0,
        "ALL recall": 1.0,
        "ALL iou": 0.9716,
        "ALL boundary_f": 0.0,
        "lorelei recall": 1.0,
        "lorelei iou": 0.9795,
        "lorelei boundary_f": 0.0,
        "scenes recall": 1.0,
        "scenes iou": 0.9544,
        "scenes boundary_f": 0.0,
        "extra": 0.0,
        "false alarms": 0.5,
    },
    "empty": {
        "avataaars recall": 0.0,
        "avataaars iou": 0.0,
        "avataaars boundary_f": 0.0,
        "ALL recall": 0.0,
        "ALL iou": 0.0,
        "ALL boundary_f": 0.0,
        "lorelei recall": 0.0,
        "lorelei iou": 0.0,
        "lorelei boundary_f": 0.0,
        "scenes recall": 0.0,
        "scenes iou": 0.0,
        "scenes boundary_f": 0.0,
        "extra": 0.0,
        "false alarms": 0.0,
    },
}


@pytest.mark.parametrize("name", SPOIL)
def test_scores_are_those_of_the_corpus(name: str) -> None:
    scores = score_corpus(MINI, lambda image: _predict(image, SPOIL[name]))
    found = {
        f"{kind} {figure}": getattr(row, figure)
        for kind, row in scores.rows.items()
        for figure in ("recall", "iou", "boundary_f")
    }
    found["extra"] = scores.extra_boxes_per_image
    found["false alarms"] = scores.false_positive_rate
    assert found == EXPECTED[name]


def test_a_mask_of_another_size_is_an_error() -> None:
    with pytest.raises(ValueError, match="shape"):
        score_corpus(MINI, lambda _: Prediction(np.zeros((5, 5), bool), []))
