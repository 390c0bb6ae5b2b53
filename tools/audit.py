"""python -m tools.audit: checks dependencies for known vulnerabilities, and the code with bandit.

The dependencies are those of uv.lock with all groups. The lock files of the functions have the same
versions (tests/functions/test_dependencies.py), so real SAM2's packages are audited where they are
not installed.

Exit codes: 0 if all packages were audited and nothing was found. 1 for a vulnerability or a finding
of bandit. 3 if packages could not be audited, because no source of advisories responds or knows
them. The last line says how many were audited. The sources are PyPI, then OSV. A mirror of PyPI has
no advisories.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FOUND, NOT_AUDITED = 1, 3

_BANDIT = ("bandit", "--quiet", "--recursive", "shared", "local", "functions")
_EXPORT = (
    "uv", "export", "--quiet", "--locked", "--all-groups", "--no-emit-project", "--no-header",
    "--no-annotate",
)  # fmt: skip
_PIP_AUDIT = ("pip_audit", "--format=json", "--progress-spinner=off", "--disable-pip")
_SOURCES = ("pypi", "osv")
_MOST_NAMES = 10
"""Limit for the package names in the last line. Chosen by hand: more make it hard to read."""


@dataclass(frozen=True)
class Report:
    """The report of a source: the number of audited packages, names of others, vulnerabilities."""

    source: str
    audited: int
    unaudited: tuple[str, ...]
    vulnerabilities: tuple[str, ...]

    @classmethod
    def of(cls, source: str, output: str) -> "Report":
        """Parses pip-audit's JSON. Other output means that pip-audit failed: nothing is audited."""
        if not output.startswith("{"):
            return cls(source, 0, (), ())
        packages = json.loads(output)["dependencies"]
        unaudited = tuple(package["name"] for package in packages if "vulns" not in package)
        vulnerabilities = tuple(
            f"{package['name']} {package['version']}: {found['id']}, fixed in "
            f"{found['fix_versions']}"
            for package in packages
            for found in package.get("vulns", ())
        )
        return cls(source, len(packages) - len(unaudited), unaudited, vulnerabilities)


def combined(reports: Sequence[Report]) -> Report:
    """Combines reports: a package is audited if one of the sources audited it."""
    successful = [report for report in reports if report.audited]
    if not successful:
        return reports[0]
    first = successful[0]
    unaudited = tuple(
        name for name in first.unaudited if all(name in report.unaudited for report in successful)
    )
    vulnerabilities = (found for report in successful for found in report.vulnerabilities)
    return Report(
        " and ".join(report.source for report in successful),
        first.audited + len(first.unaudited) - len(unaudited),
        unaudited,
        tuple(dict.fromkeys(vulnerabilities)),
    )


def verdict(report: Report, *, bandit_found: bool) -> tuple[int, str]:
    """Returns the exit code and the last line."""
    line = (
        f"{report.audited} packages audited against {report.source}, "
        f"{len(report.vulnerabilities)} known vulnerabilities"
    )
    if not report.audited:
        line = "NOT AUDITED: no source of advisories knows any of them, 0 packages were audited"
    elif report.unaudited:
        names = ", ".join(report.unaudited[:_MOST_NAMES])
        more = "" if len(report.unaudited) <= _MOST_NAMES else ", …"
        line += f"; NOT AUDITED: {len(report.unaudited)} packages: {names}{more}"
    line += "; bandit found something" if bandit_found else "; bandit found nothing"
    if report.vulnerabilities or bandit_found:
        return FOUND, line
    return (0 if report.audited and not report.unaudited else NOT_AUDITED), line


def main() -> None:
    """Runs bandit and the audit, and prints the results."""
    bandit = subprocess.run([sys.executable, "-m", *_BANDIT], check=False)
    reports = []
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder, "requirements.txt")
        requirements.write_text(locked())
        for source in _SOURCES:
            reports.append(_audited_by(source, requirements))
            if reports[-1].audited and not reports[-1].unaudited:
                break
    report = combined(reports)
    for vulnerability in report.vulnerabilities:
        print(vulnerability)
    code, line = verdict(report, bandit_found=bool(bandit.returncode))
    print(line)
    sys.exit(code)


def locked() -> str:
    """Returns all locked packages with their hashes, as lines of a requirements file."""
    command = [sys.executable, "-m", *_EXPORT]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _audited_by(source: str, requirements: Path) -> Report:
    options = (f"--vulnerability-service={source}", f"--requirement={requirements}")
    command = [sys.executable, "-m", *_PIP_AUDIT, *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if not done.stdout.startswith("{"):
        reason = done.stderr.strip().rpartition("\n")[2]
        print(f"pip-audit with {source} failed: {reason[:300]}")
    return Report.of(source, done.stdout)


if __name__ == "__main__":
    main()
