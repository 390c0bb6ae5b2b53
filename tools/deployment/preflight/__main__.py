"""python -m tools.deployment.preflight PROJECT [options of terraform apply]: changes nothing.

It reads Terraform's options -var and -var-file and ignores the others. Files are relative to
terraform/. Exit code 1 if a check is wrong, else 0: a check that could not be made does not fail.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

from tools.deployment.google_apis import ROOT, GoogleApis
from tools.deployment.preflight.checks import check_all
from tools.deployment.preflight.findings import Finding, State, failed, ok, summary, wrong
from tools.deployment.preflight.prerequisites import (
    check_gcloud,
    check_secrets,
    check_terraform,
    find_login,
)
from tools.deployment.preflight.requirements import NotEvaluated, evaluate
from tools.support.examples import ROOT as REPOSITORY


def main() -> None:
    """Prints a line for each check, and a summary."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("project", help="ID of the project")
    parser.add_argument(
        "--apis", default=ROOT, help="where Google's APIs are, for tests (default: %(default)s)"
    )
    # one list for both, because a later option of Terraform overrides an earlier one
    for option in ("-var", "-var-file"):
        parser.add_argument(
            option,
            f"-{option}",
            dest="variables",
            action="append",
            type=f"{option}={{}}".format,
            default=[],
            help="as terraform apply takes it",
        )
    arguments, _ = parser.parse_known_args()
    findings = []
    for finding in preflight(arguments.project, arguments.variables, arguments.apis):
        sys.stdout.write(f"{finding}\n")
        sys.stdout.flush()
        findings.append(finding)
    sys.stdout.write(f"{summary(findings)}\n")
    sys.exit(1 if failed(findings) else 0)


def preflight(project_id: str, variables: Sequence[str], root: str) -> Iterator[Finding]:
    """All checks. Those of the project need credentials, Terraform and variables that it takes."""
    credentials, login = find_login()
    terraform = check_terraform()
    yield credentials
    yield terraform
    if terraform.state is State.WRONG:
        return
    try:
        required = evaluate(REPOSITORY / "terraform", project_id, variables)
    except NotEvaluated as error:
        yield wrong("variables", f"Terraform refuses them. {error}")
        return
    yield ok("variables", f"for {', '.join(required.services)} in {required.region}")
    if required.secrets:
        yield check_secrets(required)
    if required.builds_sam2_image:
        yield check_gcloud()
    if login:
        yield from check_all(GoogleApis(login.session, root), required, login.member)


if __name__ == "__main__":
    main()
