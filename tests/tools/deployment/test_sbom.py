"""`make sbom` lists what each function contains."""

import json
import subprocess
from pathlib import Path

from tools.support.examples import ROOT


def test_each_function_has_a_list_of_its_packages(tmp_path: Path) -> None:
    subprocess.run(["make", "sbom", f"OUTPUT={tmp_path}"], cwd=ROOT, check=True, timeout=120)
    packages = {
        file.name.partition(".")[0]: {
            component["name"] for component in json.loads(file.read_text())["components"]
        }
        for file in tmp_path.iterdir()
    }
    assert packages.keys() == {"landmarks", "segmentation", "drain", "sam2", "api"}
    assert "mediapipe" in packages["landmarks"]
    assert "numpy" not in packages["drain"]
    assert "torch" in packages["sam2"], "real SAM2, which the GPU image has"
