"""python -m tools.deployment.terraform_check: checks terraform/ with the providers of its registry.

Runs `validate`, `test`, and `plan` with each file of terraform/tests/variants, in a copy, so that
no state of a deployment is touched. A plan of a new project calls no API: each data source waits
for resources that do not exist yet. So a made-up token is enough.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

_REPOSITORY = Path(__file__).parents[2]
_VARIANTS = Path("terraform/tests/variants")
_SUMMARY = re.compile(r"^Plan: .*", re.MULTILINE)
_TIMEOUT_SECONDS = 1800
"""Longest time for one command; `init` downloads 200 MB."""

Terraform = Callable[..., "subprocess.CompletedProcess[str]"]
"""Runs terraform with arguments in a copy of terraform/."""


class Refused(Exception):
    """Terraform refuses the configuration. The text is what it says."""


def main() -> None:
    """Prints a line for each check. Exit code 1 if Terraform refuses one."""
    with tempfile.TemporaryDirectory() as folder:
        copy_configuration(Path(folder))
        try:
            for line in check(_terraform_in(Path(folder) / "terraform"), variants()):
                sys.stdout.write(f"{line}\n")
                sys.stdout.flush()
        except Refused as error:
            sys.exit(str(error))


def check(terraform: Terraform, planned: Mapping[str, Path]) -> Iterator[str]:
    """Yields a line for each check. `planned` are files of variables, as `variants` returns them.

    Raises:
        Refused: Terraform refuses one.
    """
    _output(terraform, "init", "-no-color", "-input=false")
    yield _output(terraform, "validate", "-no-color").strip()
    yield _output(terraform, "test", "-no-color").strip().splitlines()[-1]
    for name, variant in planned.items():
        (summary,) = _SUMMARY.findall(plan(terraform, variant))
        yield f"{name}: {summary}"


def copy_configuration(place: Path) -> None:
    """Copies terraform/ and all that it packs into a folder, without state and backend."""
    ignored = shutil.ignore_patterns(
        "__pycache__", ".venv", ".terraform*", ".build", "*tfstate*", "deployments", "backend.tf"
    )
    for folder in ("terraform", "functions", "shared"):
        shutil.copytree(_REPOSITORY / folder, place / folder, ignore=ignored)


def variants() -> dict[str, Path]:
    """Returns the files of variables that are planned, by their names."""
    return {file.stem: file for file in sorted((_REPOSITORY / _VARIANTS).glob("*.tfvars"))}


def plan(terraform: Terraform, variant: Path, *options: str) -> str:
    """Plans a variant; returns what Terraform prints.

    Raises:
        Refused: there is no plan.
    """
    file = f"-var-file={variant.resolve()}"
    command = ["plan", "-no-color", "-input=false", "-lock=false", "-var=project_id=my-project"]
    return _output(terraform, *command, file, *options)


def _output(terraform: Terraform, *arguments: str) -> str:
    done = terraform(*arguments)
    if done.returncode:
        raise Refused(f"terraform {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout


def _terraform_in(folder: Path) -> Terraform:
    cache = _REPOSITORY / ".toonmask/terraform"
    cache.mkdir(parents=True, exist_ok=True)
    environment = {
        "TF_PLUGIN_CACHE_DIR": str(cache),
        **os.environ,
        "GOOGLE_OAUTH_ACCESS_TOKEN": "made-up",
        "TF_IN_AUTOMATION": "1",
    }

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            ["terraform", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )

    return run


if __name__ == "__main__":
    main()
