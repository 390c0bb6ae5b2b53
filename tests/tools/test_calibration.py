"""The fit of the score's calibration, and the truth that it reads."""

from pathlib import Path

import numpy as np
import pytest

from shared.schemas.box import Box
from tools.evaluation.calibration import USED, Coefficients, Sample, fit, report
from tools.evaluation.truth import read_truth


def _samples(true: Coefficients, count: int) -> list[Sample]:
    random = np.random.default_rng(0)
    return [
        Sample(evidence, bool(random.random() < true.score(evidence)))
        for evidence in random.uniform(-2, 2, count).tolist()
    ]


@pytest.mark.parametrize("true", [Coefficients(3.0, 0.6), Coefficients(1.0, -1.5)])
def test_the_fit_finds_the_coefficients_that_made_the_samples(true: Coefficients) -> None:
    fitted = fit(_samples(true, 20_000))
    assert fitted.slope == pytest.approx(true.slope, rel=0.1)
    assert fitted.offset == pytest.approx(true.offset, abs=0.15)


def test_a_score_gives_back_its_evidence() -> None:
    assert USED.evidence(USED.score(0.7)) == pytest.approx(0.7)


def test_the_report_compares_scores_with_the_share_of_faces() -> None:
    samples = [Sample(1.0, is_face=True)] * 3 + [Sample(1.0, is_face=False)]
    assert "| 0.9..1 | 4 | 75% | 97% |" in report(samples)


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
