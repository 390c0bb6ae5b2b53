"""The modules in a function's process after its start."""

import subprocess
import sys

import pytest

from tools.support.examples import ROOT

_SETTINGS = {
    "INPUT_BUCKET": "in-bucket",
    "OUTPUT_BUCKET": "out-bucket",
    "PROMPTS_TOPIC": "projects/p/topics/prompts",
    "PYTHONPATH": str(ROOT),
}


def _run(code: str) -> str:
    command = [sys.executable, "-W", "ignore", "-c", code]
    return subprocess.run(
        command, cwd=ROOT, env=_SETTINGS, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.mark.parametrize(
    ("function", "absent"),
    [
        # Google's libraries import OpenTelemetry's API where it is installed, but not its SDK
        ("segmentation", "mediapipe matplotlib torch scipy opentelemetry.sdk opentelemetry.proto"),
        ("landmarks", "mediapipe matplotlib torch scipy opentelemetry.sdk opentelemetry.proto"),
        ("drain", "numpy cv2 opentelemetry.sdk opentelemetry.proto"),
        ("sam2", "torch scipy google.auth requests opentelemetry"),
    ],
)
def test_nothing_heavy_is_imported_that_is_not_used(function: str, absent: str) -> None:
    code = (
        "import runpy, sys\n"
        f"runpy.run_path('functions/{function}/main.py')\n"
        f"print(*({set(absent.split())} & sys.modules.keys()))"
    )
    assert _run(code) == ""
