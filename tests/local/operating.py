"""Runs the operations of `local.operations` on a running system."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tools.support.examples import ROOT
from tools.support.pipeline import png

PLAIN = png(np.full((60, 80, 3), 200, np.uint8))


def operate(name: str, root: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "ignore", "-m", f"local.operations.{name}"]
    return subprocess.Popen(
        [*command, "--root", str(root), *options],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def output_of(operation: subprocess.Popen[str]) -> str:
    output, _ = operation.communicate(timeout=120)
    assert operation.returncode == 0, output
    return " ".join(output.split())


def failed(operation: subprocess.Popen[str]) -> str:
    """Returns the output of an operation that ends with 1."""
    output, _ = operation.communicate(timeout=120)
    assert operation.returncode == 1, output
    return " ".join(output.split())


def await_true(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
