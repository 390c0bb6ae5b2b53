"""What is taken from elsewhere is pinned: the actions of workflows, and the base of the image."""

import re
import subprocess
import sys

import pytest

from shared import VERSION
from tools.support.examples import ROOT

DOCKERFILE = (ROOT / "functions/sam2/Dockerfile").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def test_the_base_of_the_image_is_pinned_by_digest() -> None:
    stages = set(re.findall(r"^FROM \S+ AS (\S+)$", DOCKERFILE, re.MULTILINE))
    bases = set(re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)) - stages
    assert bases
    for base in bases:
        assert re.search(r":3\.11\.\d+-slim-\w+@sha256:[0-9a-f]{64}$", base), base


def test_the_image_gets_the_uv_and_the_version_of_this_repository() -> None:
    (wanted,) = re.findall(r"^UV_VERSION := (\S+)$", MAKEFILE, re.MULTILINE)
    assert re.findall(r"uv==(\S+)", DOCKERFILE) == [wanted]
    assert re.findall(r"image\.version=(\S+)", DOCKERFILE) == [VERSION]


@pytest.mark.slow
def test_zizmor_finds_nothing() -> None:
    """Actions without a commit, permissions for more than one job, variables in scripts, …"""
    command = [
        str(ROOT / ".venv/bin/uv"), "tool", "run", "--python", sys.executable, "zizmor==1.32.0",
        "--offline", "--quiet", str(ROOT / ".github"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
