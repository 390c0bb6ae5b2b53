"""The file that keeps a deployment's variables."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.deployment import variables
from tools.support.examples import ROOT


@pytest.fixture(autouse=True)
def terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the true declarations, where files may be written."""
    for file in (ROOT / "terraform").glob("variables*.tf"):
        (tmp_path / file.name).write_text(file.read_text())
    monkeypatch.setattr(variables, "_TERRAFORM", tmp_path)
    return tmp_path


def _deploy(monkeypatch: pytest.MonkeyPatch, *options: str) -> str | int | None:
    command = ["variables", "--project", "a-project", "--deployment", "toonmask", *options]
    monkeypatch.setattr(sys, "argv", command)
    try:
        variables.main()
    except SystemExit as end:
        return end.code
    return None


def test_options_add_up_from_one_deploy_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _deploy(monkeypatch, "-var", "deploy_sam2=true") is None
    assert _deploy(monkeypatch, "-auto-approve", "-var", "enable_api=true") is None
    assert _deploy(monkeypatch, "-var", "deploy_sam2=false", "-var", "sam2={gpu=false}") is None
    assert variables.file_of("a-project", "toonmask").read_text() == (
        'project_id = "a-project"\nprefix = "toonmask"\n'
        "deploy_sam2 = false\nenable_api = true\nsam2 = {gpu=false}\n"
    )


def test_strings_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    _deploy(monkeypatch, "-var", "region=europe-west1", "-var", 'sam2_url=https://a/"${b}"')
    text = variables.file_of("a-project", "toonmask").read_text()
    assert 'region = "europe-west1"\nsam2_url = "https://a/\\"$${b}\\""\n' in text


def test_what_a_person_wrote_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    file = variables.file_of("a-project", "toonmask")
    file.parent.mkdir(parents=True)
    file.write_text('# ours\nsam2 = {\n  gpu = false\n}\nregion   = "europe-west4"\n')
    assert _deploy(monkeypatch, "-var", "region=us-east4") is None
    assert file.read_text().startswith('# ours\nsam2 = {\n  gpu = false\n}\nregion = "us-east4"\n')
    before = file.read_text()
    assert "several lines" in str(_deploy(monkeypatch, "-var", "sam2={}"))
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("api_key=x", "TF_VAR_api_key"),
        ("no_such=1", "no variable no_such"),
        ("prefix=x", "DEPLOYMENT=x"),
        ("sam2={gpu=false", "not a value of one line"),
    ],
)
def test_what_cannot_be_kept_is_refused(
    monkeypatch: pytest.MonkeyPatch, option: str, sentence: str
) -> None:
    assert sentence in str(_deploy(monkeypatch, "-var", option))
    assert not variables.file_of("a-project", "toonmask").exists()


def test_make_deploy_applies_the_file() -> None:
    command = ["make", "-n", "deploy", "PROJECT=a-project", "TF=-var enable_api=true"]
    steps = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "-m tools.deployment.variables --project a-project --deployment toonmask" in steps
    assert "terraform workspace select -or-create=true a-project_toonmask" in steps
    assert "-var-file=deployments/a-project/toonmask.tfvars" in steps
