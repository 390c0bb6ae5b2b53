"""terraform/ against the providers' schemas, with the real terraform."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.terraform.conftest import Terraform
from tools.deployment.terraform_check import check, variants
from tools.support.examples import ROOT

FILES = sorted((ROOT / "terraform").rglob("*.tf"))
RESOURCES = {
    match.group(1): match.group(2)
    for file in FILES
    for match in re.finditer(
        r'^resource ("google_\w*iam_\w+" "\w+") \{(.*?)^\}',
        file.read_text(),
        re.DOTALL | re.MULTILINE,
    )
}


def test_it_is_formatted(terraform: Terraform) -> None:
    done = terraform("fmt", "-check", "-recursive", "-diff")
    assert done.returncode == 0, done.stdout


def test_it_is_valid(terraform: Terraform) -> None:
    done = terraform("validate", "-no-color")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (
            'topic          = google_pubsub_topic.work["uploads"].id',
            "",
            "Missing required argument",
        ),
        ("event_types", "events", "Unsupported argument"),
        ("soft_delete_policy {", "soft_delete {", "Unsupported block type"),
        ("google_pubsub_topic.work", "google_pubsub_topic.works", "Reference to undeclared"),
        ('"JSON_API_V1"', '["JSON_API_V1"]', "Incorrect attribute value type"),
    ],
)
def test_what_does_not_fit_the_schema_is_found(
    terraform: Terraform, place: Path, before: str, after: str, message: str
) -> None:
    """Otherwise the test above would prove nothing."""
    file = place / "terraform/storage.tf"
    right = file.read_text()
    assert before in right
    file.write_text(right.replace(before, after, 1))
    try:
        done = terraform("validate", "-no-color")
    finally:
        file.write_text(right)
    assert done.returncode != 0
    assert message in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("empty_models")
def test_its_own_tests_pass(terraform: Terraform) -> None:
    """The checks of `make terraform-real`. test_permissions.py plans the other variants."""
    valid, passed, plan = check(terraform, {"everything": variants()["everything"]})
    assert valid == "Success! The configuration is valid."
    assert re.fullmatch(r"Success! \d+ passed, 0 failed\.", passed)
    assert re.fullmatch(r"everything: Plan: \d+ to add, 0 to change, 0 to destroy\.", plan)


def test_nothing_is_granted_to_everybody_but_a_public_api() -> None:
    assert len(RESOURCES) > 10
    text = "".join(file.read_text() for file in FILES)
    assert "allAuthenticatedUsers" not in text
    code = re.sub(r"^\s*#.*", "", text, flags=re.MULTILINE)
    only = 'var.api.public && local.api_image == null ? ["allUsers"] : []'
    assert code.count("allUsers") == code.count(only) == 1


def test_no_alert_treats_missing_data_without_a_duration() -> None:
    """Cloud Monitoring refuses such a condition, with 400."""
    text = (ROOT / "terraform/alerts.tf").read_text()
    conditions = re.findall(
        r'^    dynamic "condition_\w+" \{(.*?)^    \}', text, re.DOTALL | re.MULTILINE
    )
    assert len(conditions) == 2
    for condition in conditions:
        assert "evaluation_missing_data" not in condition or '"0s"' not in condition


def test_the_api_alone_is_reachable_from_outside() -> None:
    text = "".join(file.read_text() for file in FILES)
    modules = dict(re.findall(r'^module "(\w+)" \{(.*?)^\}', text, re.DOTALL | re.MULTILINE))
    ingress = {name: "ALLOW_ALL" in body for name, body in modules.items()}
    assert ingress == {"landmarks": False, "segmentation": False, "drain": False, "api": True}
    code = re.sub(r"^  description .*", "", text, flags=re.MULTILINE)
    assert code.count("ALLOW_INTERNAL_ONLY = ") == 1  # the words of Cloud Run for it
    assert code.count("ALLOW_INTERNAL_ONLY") == 3 + 1


def test_roles_on_the_project_are_those_that_no_smaller_resource_takes() -> None:
    on_project = {name for name in RESOURCES if name.startswith('"google_project_iam')}
    assert on_project == {
        '"google_project_iam_member" "build_logs"',
        '"google_project_iam_member" "build_reads_staged_source"',
        '"google_project_iam_member" "functions_write_traces"',
        '"google_project_iam_member" "sam2_writes_traces"',
    }
    assert "condition {" in RESOURCES['"google_project_iam_member" "build_reads_staged_source"']


def test_grants_add_and_take_nothing_from_others() -> None:
    assert all("_iam_member" in name for name in RESOURCES)


def test_every_variable_and_output_is_described_and_typed() -> None:
    for file in FILES:
        for kind, name, body in re.findall(
            r'^(variable|output) "(\w+)" \{(.*?)^\}', file.read_text(), re.DOTALL | re.MULTILINE
        ):
            assert "description" in body, f"{file.name}: {name}"
            assert kind == "output" or "type " in body, f"{file.name}: {name}"


@pytest.mark.slow
def test_checkov_finds_nothing() -> None:
    command = [
        str(ROOT / ".venv/bin/uv"), "tool", "run", "--python", sys.executable, "checkov==3.3.30",
        "--directory", str(ROOT / "terraform"), "--framework", "terraform", "--compact", "--quiet",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
