"""The choice among candidates like those of SAM2, for faces of this repository that are found."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from shared.imaging.geometry import mask_iou, polygon_mask
from shared.schemas.box import Box
from shared.schemas.prompt import SKIN_ONLY
from shared.segmentation.mask_quality import CHOICE
from shared.segmentation.mask_selection import choose
from tools.evaluation.candidates import FACE, HEAD, Objects
from tools.evaluation.choices import Choice, Choices
from tools.evaluation.mask_choice import fit, report, win_rate
from tools.evaluation.true_faces import true_faces
from tools.support.examples import ROOT
from tools.support.shapes import ellipse

ART = ROOT / "tools/evaluation/art"
DRAWINGS, PORTRAITS = ART / "truth.json", ART / "portraits.json"

WINDOW = Box(0, 0, 220, 240)
OVAL = polygon_mask(ellipse(110, 110, 40, 50), WINDOW)
HEAD_MASK = OVAL | polygon_mask(ellipse(110, 90, 55, 60), WINDOW)


@pytest.fixture(scope="module")
def drawings() -> list[Choice]:
    """Choices for every fourth image with known masks: detection takes most of the time."""
    return _choices(DRAWINGS, every=4)


@pytest.fixture(scope="module")
def portraits() -> list[Choice]:
    return _choices(PORTRAITS, every=1)


def test_the_right_mask_wins_on_drawings(drawings: list[Choice]) -> None:
    assert len(drawings) >= 150
    share = _share_of_right_masks(drawings)
    assert share >= 0.98


def test_the_right_mask_wins_on_a_photograph_and_paintings(portraits: list[Choice]) -> None:
    assert len(portraits) >= 100
    share = _share_of_right_masks(portraits)
    assert share >= 0.98


def test_the_predicted_iou_alone_does_not_say_which_mask_is_meant(drawings: list[Choice]) -> None:
    assert win_rate(drawings, lambda evidence: evidence.predicted_iou or 0.0) < 0.6


def test_the_coefficients_in_use_are_about_those_that_fit(drawings: list[Choice]) -> None:
    assert fit(drawings) == pytest.approx(CHOICE, rel=0.2, abs=0.3)


def test_the_report_has_the_win_rate_in_use(drawings: list[Choice]) -> None:
    few = drawings[:40]
    row = next(line for line in report({DRAWINGS: few}).splitlines() if "json |" in line)
    assert f"| {_share_of_right_masks(few):.1%} |" in row


@pytest.mark.parametrize("meant", [FACE, HEAD])
def test_each_triple_has_what_is_meant_and_two_other_objects(meant: str) -> None:
    true = OVAL if meant == FACE else HEAD_MASK
    objects, random = Objects(OVAL, HEAD_MASK), np.random.default_rng(0)
    for _ in range(50):
        options = objects.triple(meant, random)
        kinds = [option.kind for option in options]
        assert len(set(kinds)) == 3
        right = options[kinds.index(meant)].candidate
        assert mask_iou(right.pixels, true) > 0.8
        for option in options:
            assert 0 < (option.candidate.predicted_iou or 0) < 1


def test_the_same_seed_gives_the_same_candidates() -> None:
    first, second = (Objects(OVAL, HEAD_MASK).triple(FACE, np.random.default_rng(1)) for _ in "ab")
    for one, other in zip(first, second, strict=True):
        assert (one.candidate.pixels == other.candidate.pixels).all()
        assert one.candidate.predicted_iou == other.candidate.predicted_iou


def _choices(truth: Path, *, every: int) -> list[Choice]:
    maker = Choices()
    images = list(true_faces(truth))[::every]
    return [c for file, faces in images for c in maker.of(file, faces, SKIN_ONLY, 12)]


def _share_of_right_masks(choices: Sequence[Choice]) -> float:
    """What `choose` makes of the candidates."""
    right = []
    for choice in choices:
        mask, _ = choose((option.candidate for option in choice.options), choice.prompt)
        right.append(choice.accepts(choice.regions.iou(mask.pixels)))
    return float(np.mean(right))
