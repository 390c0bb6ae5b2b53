"""python -m tests.audit: known holes in what is installed, and what bandit finds in the code.

Exit code 1 for any of either. Where the advisories of a package could not be had (a package index
that is a mirror has none), it says so loudly: such a package is not known to be safe.
"""

import json
import subprocess
import sys

_BANDIT = ("bandit", "--quiet", "--recursive", "shared", "local", "functions")
_PIP_AUDIT = ("pip_audit", "--format=json", "--progress-spinner=off")


def main() -> None:
    """Runs both."""
    bandit = subprocess.run([sys.executable, "-m", *_BANDIT], check=False)
    command = [sys.executable, "-m", *_PIP_AUDIT]
    audit = subprocess.run(command, check=False, capture_output=True, text=True)
    if not audit.stdout.startswith("{"):
        sys.exit(f"pip-audit broke down:\n{audit.stderr}")
    packages = json.loads(audit.stdout)["dependencies"]
    unknown = [package["name"] for package in packages if "skip_reason" in package]
    holes = [
        f"{package['name']} {package['version']}: {hole['id']}, mended in {hole['fix_versions']}"
        for package in packages
        for hole in package.get("vulns", ())
    ]
    known = len(packages) - len(unknown)
    print(f"pip-audit: {known} packages audited, {len(holes)} known holes", *holes, sep="\n  ")
    if unknown:
        print(f"NOT AUDITED, because the package index has no advisories: {len(unknown)} packages")
    sys.exit(bool(holes or bandit.returncode))


if __name__ == "__main__":
    main()
