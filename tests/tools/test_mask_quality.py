"""The fit of the coefficients of `quality`, and its comparison with IoUs."""

from pathlib import Path

import numpy as np
import pytest

from shared.segmentation.mask_quality import FIXED, Evidence
from tools.evaluation.mask_quality import Sample, draw, fit, report


def _samples(slope: float, offset: float, count: int) -> list[Sample]:
    random = np.random.default_rng(0)
    samples = []
    for outline, positive, negative, predicted in random.uniform(0.05, 0.95, (count, 4)).tolist():
        evidence = Evidence(outline, positive, negative, predicted)
        odds = float(np.dot((*FIXED, slope, offset), [*evidence.terms, 1.0]))
        samples.append(Sample(evidence, 1 / (1 + np.exp(-odds))))
    return samples


def test_the_fit_finds_the_coefficients_that_made_the_samples() -> None:
    assert fit(_samples(0.7, -2.0, 500)) == pytest.approx((0.7, -2.0), abs=0.02)


def test_the_report_compares_qualities_with_ious(tmp_path: Path) -> None:
    samples = _samples(0.7, -2.0, 200)
    lines = report(samples, samples).splitlines()
    assert lines[0] == "200 masks, 200 candidates"
    rows = [line.split(" | ") for line in lines if line.startswith("| 0")]
    assert sum(int(row[1]) for row in rows) == 200
    qualities = [sample.evidence.quality for sample in samples]
    error = np.mean(np.abs(np.array(qualities) - [sample.iou for sample in samples]))
    assert f"mean error {error:.3f}" in lines
    draw(tmp_path / "quality.png", samples)
    assert (tmp_path / "quality.png").read_bytes().startswith(b"\x89PNG")
