"""Any response of a segmentation service is parsed or refused in limited memory."""

import subprocess
import sys

import pytest

from tests.hostile.answers import ANSWERS
from tools.support.examples import ROOT

MEMORY = 700 * 2**20
"""Bytes, of which some 200 MiB are libraries, and 60 the answer itself, twice while it is made."""


def _read(name: str) -> str:
    limited = [sys.executable, "-m", "tests.hostile.limited", str(MEMORY)]
    command = [*limited, sys.executable, "-m", "tests.hostile.answers", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_an_answer_that_is_far_more_than_its_bytes_is_refused(name: str) -> None:
    assert _read(name).startswith("refused: The segmentation service")


@pytest.mark.parametrize("name", ["as many masks as may be", "Replicate's masks"])
def test_the_most_that_is_taken_is_read_one_by_one(name: str) -> None:
    assert _read(name) == "read"
