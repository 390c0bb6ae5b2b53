"""The fit of the score's calibration, and the truth that it reads."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage

from shared.schemas.box import Box
from tools.evaluation import curves
from tools.evaluation.calibration import FUNCTIONS, MODELS, Sample, fit, report
from tools.evaluation.truth import read_truth


def _samples(true: tuple[float, ...], count: int) -> list[Sample]:
    random = np.random.default_rng(0)
    evidence = random.uniform((-2, -8, -8), (2, 8, 8), (count, 3))
    odds = np.exp(evidence @ true[:3] + true[3])
    scores = odds / (1 + odds)
    return [
        Sample(dict(zip(MODELS["face"], said, strict=True)), score, bool(is_true))
        for said, score, is_true in zip(
            evidence.tolist(), scores.tolist(), random.random(count) < scores, strict=True
        )
    ]


@pytest.mark.parametrize("true", [(3.0, 0.5, 0.4, 0.6), (1.0, 0.2, 0.3, -1.5)])
def test_the_fit_finds_the_coefficients_that_made_the_samples(true: tuple[float, ...]) -> None:
    found = fit(_samples(true, 20_000), FUNCTIONS["face"][0])
    assert found == pytest.approx(true, rel=0.1, abs=0.1)


def test_the_report_compares_scores_with_the_share_of_true_ones() -> None:
    evidence = {"palm": 1.0, "joints": 1.0}
    samples = [Sample(evidence, 0.93, is_true=number < 3) for number in range(4)]
    assert "| 0.9..1 | 4 | 75% | 93% |" in report(samples, "hand")


def test_faces_and_hands_are_not_fitted_together(tmp_path: Path) -> None:
    for kind in ("faces", "hands"):
        (tmp_path / kind).write_text(f'{{"{kind}.png": {{"set": "", "{kind}": []}}}}')
    command = [sys.executable, "-m", "tools.evaluation.calibration"]
    done = subprocess.run(
        [*command, tmp_path / "faces", tmp_path / "hands"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "different scores" in done.stderr


def test_the_truth_lies_beside_its_images(tmp_path: Path) -> None:
    file = tmp_path / "truth.json"
    file.write_text(
        '{"a.png": {"set": "clip", "faces": [{"box": [1, 2, 3, 4], "kind": "frontal"}]},'
        ' "b.png": {"set": "things", "faces": [], "unsure": [{"box": [0, 0, 9, 9]}]}}'
    )
    drawings = read_truth(file)
    assert [face.box for face in drawings[tmp_path / "clip" / "a.png"].faces] == [Box(1, 2, 3, 4)]
    assert [place.box for place in drawings[tmp_path / "things" / "b.png"].unsure] == [
        Box(0, 0, 9, 9)
    ]


def test_the_curves_are_a_picture(tmp_path: Path) -> None:
    samples = [(index % 3 > 0, {"a": index / 9, "b": 1 - index / 9}) for index in range(10)]
    curves.draw(tmp_path / "curves.png", samples, faces=8)
    assert PillowImage.open(tmp_path / "curves.png").size == (880, 400)


def test_recall_is_of_all_faces_and_precision_of_what_is_found() -> None:
    truth, scores = np.array([True, False, True]), np.array([0.9, 0.5, 0.7])
    recall, precision = curves.precision_recall(truth, scores, faces=4)
    assert recall.tolist() == [0.25, 0.5, 0.5]
    assert precision.tolist() == [1, 1, pytest.approx(2 / 3)]
