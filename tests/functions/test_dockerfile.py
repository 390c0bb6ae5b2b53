"""The SAM2 service's image: its Dockerfile and what it gets. tests/model runs its steps."""

import re
import shutil
import subprocess

import pytest

from tools.function_imports import packages_of
from tools.support.examples import ROOT

DOCKERFILE = ROOT / "functions/sam2/Dockerfile"


def test_the_dockerfile_is_clean() -> None:
    hadolint = shutil.which("hadolint", path=str(ROOT / ".venv/bin"))
    if hadolint is None:
        pytest.skip("hadolint comes for Linux on x86_64 alone; elsewhere install it by hand")
    subprocess.run([hadolint, str(DOCKERFILE)], check=True)


def test_a_build_is_sent_nothing_but_the_functions_folder_and_shared() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if not line.startswith("#")]
    assert patterns[0] == "*"
    assert [line for line in patterns if line.startswith("!")] == ["!functions/sam2", "!shared"]


def test_the_image_holds_the_packages_that_the_service_reaches() -> None:
    copied = re.findall(r"^COPY shared/(\w+) shared/\1$", DOCKERFILE.read_text(), re.MULTILINE)
    assert copied == packages_of("sam2")
