"""python -m tools.audit: known vulnerabilities in dependencies, and findings of bandit in the code.

Exit codes: 0 where every package was audited and nothing found; 1 for a hole, or for what bandit
finds; 3 where packages could not be audited, because no source of advisories answers or none knows
them. The last line says how many were. PyPI is asked first, then OSV; a package index that is a
mirror of PyPI has no advisories.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

FOUND, NOT_AUDITED = 1, 3

_BANDIT = ("bandit", "--quiet", "--recursive", "shared", "local", "functions")
_PIP_AUDIT = ("pip_audit", "--format=json", "--progress-spinner=off")
_SOURCES = ("pypi", "osv")
_MOST_NAMES = 10


@dataclass(frozen=True)
class Report:
    """What a source of advisories told."""

    source: str
    audited: int
    unaudited: tuple[str, ...]
    holes: tuple[str, ...]

    @classmethod
    def of(cls, source: str, output: str) -> "Report":
        """That in pip-audit's JSON; one of nothing audited where it broke down."""
        if not output.startswith("{"):
            return cls(source, 0, (), ())
        packages = json.loads(output)["dependencies"]
        unaudited = tuple(one["name"] for one in packages if "vulns" not in one)
        holes = tuple(
            f"{one['name']} {one['version']}: {hole['id']}, mended in {hole['fix_versions']}"
            for one in packages
            for hole in one.get("vulns", ())
        )
        return cls(source, len(packages) - len(unaudited), unaudited, holes)


def together(reports: Sequence[Report]) -> Report:
    """What all sources know: a package was audited if it was by any of them."""
    answered = [report for report in reports if report.audited]
    if not answered:
        return reports[0]
    first = answered[0]
    unaudited = tuple(
        name for name in first.unaudited if all(name in one.unaudited for one in answered)
    )
    return Report(
        " and ".join(report.source for report in answered),
        first.audited + len(first.unaudited) - len(unaudited),
        unaudited,
        tuple(dict.fromkeys(hole for report in answered for hole in report.holes)),
    )


def verdict(report: Report, *, bandit_found: bool) -> tuple[int, str]:
    """The exit code, and the last line."""
    told = f"{report.audited} packages audited against {report.source}, {len(report.holes)} holes"
    if not report.audited:
        told = "NOT AUDITED: no source of advisories knows any of them, 0 packages were audited"
    elif report.unaudited:
        names = ", ".join(report.unaudited[:_MOST_NAMES])
        more = "" if len(report.unaudited) <= _MOST_NAMES else ", …"
        told += f"; NOT AUDITED: {len(report.unaudited)} packages: {names}{more}"
    told += "; bandit found something" if bandit_found else "; bandit found nothing"
    if report.holes or bandit_found:
        return FOUND, told
    return (0 if report.audited and not report.unaudited else NOT_AUDITED), told


def main() -> None:
    """Runs both."""
    bandit = subprocess.run([sys.executable, "-m", *_BANDIT], check=False)
    reports = []
    for source in _SOURCES:
        reports.append(_asked(source))
        if reports[-1].audited and not reports[-1].unaudited:
            break
    report = together(reports)
    for hole in report.holes:
        print(hole)
    code, told = verdict(report, bandit_found=bool(bandit.returncode))
    print(told)
    sys.exit(code)


def _asked(source: str) -> Report:
    command = [sys.executable, "-m", *_PIP_AUDIT, f"--vulnerability-service={source}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if not done.stdout.startswith("{"):
        reason = done.stderr.strip().rpartition("\n")[2]
        print(f"pip-audit with {source} broke down: {reason[:300]}")
    return Report.of(source, done.stdout)


if __name__ == "__main__":
    main()
