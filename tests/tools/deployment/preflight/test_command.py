"""The real command line, with the real Terraform, against local servers."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tools.deployment.preflight.google_server import MEMORY, PROJECT, TOKEN, Google
from tests.tools.deployment.preflight.service_account import ROBOT, write_key
from tools.support.examples import ROOT

Command = Callable[..., "subprocess.CompletedProcess[str]"]

pytestmark = pytest.mark.skipif(
    shutil.which("terraform") is None,
    reason="terraform is not on PATH: install 1.11 or newer to read the variables with it",
)


@pytest.fixture
def command(google: Google, tmp_path: Path) -> Command:
    """Runs the preflight as make does."""
    terraform = shutil.which("terraform")
    assert terraform
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "terraform").symlink_to(terraform)
    environment = os.environ | {
        "PATH": f"{programs}:/usr/bin:/bin",
        "GOOGLE_APPLICATION_CREDENTIALS": str(write_key(tmp_path, google.url)),
    }

    def run(*options: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        arguments = ["tools.deployment.preflight", PROJECT, "--apis", google.root, *options]
        return subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=environment | variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def test_a_line_for_each_check_and_exit_code_0(command: Command, google: Google) -> None:
    done = command("-var", "prefix=cartoons", "-auto-approve", "-target=module.function")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert (
        lines[0]
        == f"ok       credentials: Application Default Credentials work (serviceAccount:{ROBOT})"
    )
    assert lines[1].startswith("ok       terraform: version 1.")
    assert lines[2] == "ok       variables: for drain, landmarks, segmentation in us-central1"
    assert "ok       bucket cartoons-source-my-project: the name is free" in lines
    assert lines[-1] == f"{len(lines) - 1} checks: {len(lines) - 1} ok"
    assert done.stderr == ""
    asked = [call for call in google.calls if call[1] != "/token"]
    assert {authorization for _, _, authorization in asked} == {f"Bearer {TOKEN}"}


def test_what_is_wrong_makes_it_fail_and_what_is_not_known_does_not(
    command: Command, google: Google
) -> None:
    google.disable("orgpolicy")
    google.quotas[MEMORY] = 16 * 2**30
    done = command()
    assert done.returncode == 0, done.stdout
    assert done.stdout.splitlines()[-1].endswith(" ok, 1 warning, 1 unknown")

    google.billing = False
    done = command()
    assert done.returncode == 1
    assert (
        "\nwrong    billing: billing is disabled. Run: gcloud billing projects link" in done.stdout
    )
    assert done.stdout.splitlines()[-1].endswith(" ok, 1 warning, 1 wrong, 1 unknown")


def test_variables_that_terraform_refuses(command: Command, google: Google) -> None:
    done = command("--var=region=EU")
    assert done.returncode == 1
    assert "wrong    variables: Terraform refuses them. Invalid value" in done.stdout
    assert {path for _, path, _ in google.calls} == {"/token"}


def test_a_secret_without_a_value_is_named_before_anything_is_applied(command: Command) -> None:
    options = ("-var", "sam2_auth=api-key", "-var", "sam2_url=https://example.com")
    done = command(*options)
    assert done.returncode == 1
    assert "\nwrong    secrets: not every secret" in done.stdout
    assert "TF_VAR_sam2_api_key=… make deploy" in done.stdout
    assert "\nok       project:" in done.stdout, "the other checks are made too"
    assert command(*options, TF_VAR_sam2_api_key="").returncode == 1

    done = command(*options, TF_VAR_sam2_api_key="never-printed")
    assert done.returncode == 0, done.stdout
    assert "\nok       secrets: each has a value: TF_VAR_sam2_api_key" in done.stdout
    assert "never-printed" not in done.stdout + done.stderr


def test_a_gcloud_login_is_needed_where_the_image_is_built(
    command: Command, tmp_path: Path
) -> None:
    gcloud = tmp_path / "bin/gcloud"
    gcloud.write_text("#!/bin/sh\nexit 1\n")
    gcloud.chmod(0o755)
    done = command("-var", "deploy_sam2=true")
    assert done.returncode == 1
    assert "\nwrong    gcloud: gcloud has no login that works" in done.stdout
    assert "gcloud:" not in command("-var=deploy_sam2=true", "-var", 'sam2={image="sam2:1"}').stdout


def test_without_credentials_the_project_is_not_checked(command: Command, tmp_path: Path) -> None:
    done = command(GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "none.json"))
    assert done.returncode == 1
    assert done.stdout.startswith("wrong    credentials: ")
    assert done.stdout.splitlines()[-1] == "3 checks: 2 ok, 1 wrong"
