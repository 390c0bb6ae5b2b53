"""The comparison of drawn-face networks."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from shared.networks.drawn_face import FILE
from tools.evaluation.calibration import Sample
from tools.evaluation.networks import found_with, report
from tools.support.examples import ROOT

ART = ROOT / "tools/evaluation/art"


def _samples() -> list[Sample]:
    """200 faces and 200 other places: the network `good` tells them apart, `blind` does not."""
    random = np.random.default_rng(0)
    samples = []
    for number in range(400):
        is_true = number % 2 == 0
        evidence = {
            "MediaPipe": random.normal(0.2 * is_true),
            "MTCNN": random.normal(0.2 * is_true),
            "good": random.normal(4.0 * is_true),
            "blind": random.normal(),
        }
        samples.append(Sample(evidence, 0.5, is_true))
    return samples


def test_a_network_that_sees_faces_finds_more_of_them() -> None:
    samples = _samples()
    assert found_with("good", samples) > 190
    assert found_with("blind", samples) < 100
    table = report(samples, {"good": [0.95, 0.85], "blind": [0.0, 0.1]})
    good, blind = (line.split(" | ") for line in table.splitlines()[-2:])
    assert 0.99 < float(good[1]) <= 1
    assert 0.4 < float(blind[1]) < 0.6
    assert good[3:] == ["0.900", "50% |"]
    assert blind[3:] == ["0.050", "0% |"]


def _compare(truth: Path, *networks: Path) -> subprocess.CompletedProcess[str]:
    options = str(truth), "--networks", *map(str, networks)
    command = [sys.executable, "-m", "tools.evaluation.networks", *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)


def test_a_network_is_measured_on_drawings(tmp_path: Path) -> None:
    names = "signorinacappello.png", "spaventapasseri.png", "car.png"
    truth = json.loads((ART / "truth.json").read_text())
    (tmp_path / "openclipart").mkdir()
    for name in names:
        shutil.copy(ART / "openclipart" / name, tmp_path / "openclipart")
    (tmp_path / "truth.json").write_text(json.dumps({name: truth[name] for name in names}))
    done = _compare(tmp_path / "truth.json", FILE)
    assert done.returncode == 0
    assert "faces with an outline: 2" in done.stdout
    name, area, found, iou, _ = done.stdout.splitlines()[-1].strip("| ").split(" | ")
    assert name == "drawn-face"
    assert 0.5 < float(area) <= 1
    assert int(found) == 2
    assert 0.8 < float(iou) <= 1


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    done = _compare(tmp_path / "truth.json", FILE, tmp_path / FILE.name)
    assert done.returncode == 2
    assert "files of one name" in done.stderr
