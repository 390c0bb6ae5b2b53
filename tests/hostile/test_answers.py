"""Any response of a segmentation service is parsed or refused in limited memory."""

import json
import subprocess
import sys

import pytest

from tests.hostile.answers import ANSWERS, LARGEST
from tools.support.examples import ROOT

MEMORY = 700 * 2**20
"""Bytes, of which some 200 MiB are libraries, and 60 the answer itself, twice while it is made."""


@pytest.fixture(scope="module")
def endings() -> dict[str, str]:
    """How each answer ended; the name of one that broke its process is missing."""
    limited = [sys.executable, "-m", "tests.hostile.limited", str(MEMORY)]
    command = [*limited, sys.executable, "-m", "tests.hostile.answers"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return dict(map(json.loads, done.stdout.splitlines()))


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_an_answer_that_is_far_more_than_its_bytes_is_refused(
    endings: dict[str, str], name: str
) -> None:
    assert endings[name].startswith("refused: The segmentation service")


@pytest.mark.parametrize("name", LARGEST)
def test_the_most_that_is_taken_is_read_one_by_one(endings: dict[str, str], name: str) -> None:
    assert endings[name] == "read"
