"""Warnings of make about variables without effect."""

import os
import re
import subprocess
import sys

import pytest

from local.make_variables import VariableUsage
from tools.support.examples import ROOT

CURRENT = f"{sys.version_info.major}.{sys.version_info.minor}"
MAKEFILE = (ROOT / "Makefile").read_text()


def _warnings(goals: str, *given: str) -> list[str]:
    return list(VariableUsage.of(goals.split(), MAKEFILE).warnings(list(given)))


def _make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name != "PROJECT"}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT, env={**kept, **environment}, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip


def test_a_variable_that_is_not_used_is_named_with_the_one_that_was_meant() -> None:
    stderr = _make(
        "run", "INPUT=no/such/folder", "TARGET=hand", "MIN_SCORES=0.3", "MAX_PIXELS=9",
        "PYTHON=/opt/python3.99",
        SAM2_FALBACK="oval", SAM2_BUILD_CUDA="1", MIN_SCOR="0.3",
    ).stderr  # fmt: skip
    assert [line for line in stderr.splitlines() if line.startswith("make: ")][:4] == [
        "make: MIN_SCORES is not used by `run`; did you mean MIN_SCORE?",
        "make: TARGET is not used by `run`; did you mean TARGETS?",
        "make: SAM2_FALBACK is not used by `run`; did you mean SAM2_FALLBACK?",
        f"make: PYTHON=/opt/python3.99 is not used: .venv was made with Python {CURRENT}; "
        "run `make clean` first",
    ]
    assert "no/such/folder: no such file" in stderr, "the goal runs nevertheless"
    for used_or_not_ours in ("MAX_PIXELS", "SAM2_BUILD_CUDA", "MIN_SCOR "):
        assert used_or_not_ours not in stderr


def test_a_goal_that_starts_no_function_needs_no_installed_packages() -> None:
    command = [sys.executable, "-S", "-m", "local.make_variables", "lock", "FUNCTION", ""]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "make: FUNCTION is not used by `lock`; did you mean FUNCTIONS?" in done.stderr


@pytest.mark.parametrize(
    ("goals", "given"),
    [
        ("run", "INPUT"),
        ("run", "OUTPUT"),
        ("run", "TARGETS"),
        ("run", "targets"),  # settings are read in any case
        ("run", "SAM2_CHECKPOINT"),
        ("run", "PYTHON"),
        ("run", "VENV"),
        ("run", "SHELL"),
        ("up", "API_KEY"),
        ("soak", "IMAGES"),
        ("soak", "PREVIEW"),
        ("chaos", "CHAOS"),
        ("chaos", "POS_POINTS"),
        ("fuzz", "SECONDS"),
        ("evaluate", "MANIFEST"),
        ("backfill", "PREFIX"),
        ("backfill", "ALL"),
        ("export", "PREFIX"),
        ("export", "OUTPUT"),
        ("export", "RESULTS"),
        ("smoke", "SECONDS"),
        ("preflight", "TF"),
        ("preflight", "PROJECT"),
        ("deploy", "TF"),
        ("deploy", "PROJECT"),
        ("images", "DEPLOYMENT"),
        ("lock", "FUNCTIONS"),
        ("run evaluate", "MANIFEST"),
    ],
)
def test_nothing_is_said_about_what_is_used(goals: str, given: str) -> None:
    assert _warnings(goals, given) == []


@pytest.mark.parametrize(
    ("goals", "given", "sentence"),
    [
        ("run", "API_KEY", "API_KEY is not used by `run`: it is a setting of the function api"),
        ("run", "INPUT_BUCKET", "INPUT_BUCKET is not used by `run`, which sets it itself"),
        ("up", "OUTPUT", "OUTPUT is not a variable of `up`; it is only passed to programs"),
        ("test", "PYTEST_ADDOPTS", "PYTEST_ADDOPTS is not a variable of `test`; it is only passed "
         "to programs"),
        ("deploy", "PROJCT", "PROJCT is not used by `deploy`; did you mean PROJECT?"),
        ("run evaluate", "MANIFST", "MANIFST is not used by `run`, `evaluate`; did you mean "
         "MANIFEST?"),
    ],
)  # fmt: skip
def test_what_is_not_used_is_told(goals: str, given: str, sentence: str) -> None:
    assert _warnings(goals, given) == [sentence]


def test_every_goal_checks_its_variables() -> None:
    goals = [
        line
        for line in MAKEFILE.splitlines()
        if " ## " in line and not line.startswith(("help:", "\t"))
    ]
    assert len(goals) > 15
    for line in goals:
        assert re.search(r"\$\((READY|TRAINABLE)\)|check-variables", line), line
