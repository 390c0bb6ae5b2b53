"""Exit codes and the last line of `make audit`."""

import json
import re
import tomllib

import pytest

from tools.audit import FOUND, NOT_AUDITED, Report, combined, locked, verdict
from tools.function_imports import FUNCTIONS
from tools.support.examples import ROOT

CLEAN = {"name": "clean", "version": "1", "vulns": []}
VULNERABLE = {
    "name": "vulnerable",
    "version": "2",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["3"], "aliases": [], "description": ""}],
}
SKIPPED = {"name": "unknown", "skip_reason": "Dependency not found on PyPI"}


def _verdict(*packages: object, bandit_found: bool = False) -> tuple[int, str]:
    output = json.dumps({"dependencies": packages, "fixes": []})
    return verdict(Report.of("pypi", output), bandit_found=bandit_found)


def test_all_audited_and_nothing_found() -> None:
    code, line = _verdict(CLEAN, CLEAN)
    assert code == 0
    assert line == "2 packages audited against pypi, 0 known vulnerabilities; bandit found nothing"


def test_a_vulnerability_and_what_bandit_finds_are_failures_whatever_was_not_audited() -> None:
    assert _verdict(CLEAN, VULNERABLE)[0] == FOUND
    assert _verdict(CLEAN, VULNERABLE, SKIPPED)[0] == FOUND
    assert _verdict(CLEAN, bandit_found=True)[0] == FOUND
    assert Report.of("pypi", json.dumps({"dependencies": [VULNERABLE]})).vulnerabilities == (
        "vulnerable 2: PYSEC-1, fixed in ['3']",
    )


@pytest.mark.parametrize("packages", [[], [SKIPPED], [SKIPPED, SKIPPED]])
def test_nothing_audited_is_no_success(packages: list[object]) -> None:
    code, line = _verdict(*packages)
    assert code == NOT_AUDITED
    assert line.startswith("NOT AUDITED: no source of advisories knows any of them, 0 packages")


def test_a_package_that_was_not_audited_is_named() -> None:
    code, line = _verdict(CLEAN, SKIPPED)
    assert code == NOT_AUDITED
    assert "1 packages audited" in line
    assert "NOT AUDITED: 1 packages: unknown" in line


def test_an_audit_that_broke_down_audited_nothing() -> None:
    report = Report.of("osv", "Traceback (most recent call last): …")
    assert verdict(report, bandit_found=False)[0] == NOT_AUDITED


@pytest.mark.parametrize("function", FUNCTIONS)
def test_all_that_a_function_is_locked_to_is_audited(function: str) -> None:
    """SAM2 too, whose packages are not installed here."""
    lock = tomllib.loads((ROOT / "functions" / function / "uv.lock").read_text())
    packages = {f"{one['name']}=={one['version']}" for one in lock["package"]}
    audited = set(re.findall(r"^[^ ;\\]+==[^ ;\\]+", locked(), re.MULTILINE))
    assert packages - {f"toonmask-{function}==0.1.0"} <= audited


def test_two_sources_know_what_either_knows() -> None:
    first = Report("pypi", 1, ("a", "b"), ("one",))
    second = Report("osv", 2, ("b",), ("another", "one"))
    both = Report("pypi and osv", 2, ("b",), ("one", "another"))
    assert combined([first, second]) == both
