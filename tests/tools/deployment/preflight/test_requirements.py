"""What Terraform says that a deployment requires, and whether the preflight knows all of it."""

import re
import shutil
from pathlib import Path

import pytest

from shared.sam2_server.checkpoint_files import PINS
from tests.tools.deployment.preflight.google_server import PROJECT
from tools.deployment.preflight.requirements import NotEvaluated, Requirements, evaluate
from tools.deployment.preflight.resource_permissions import (
    ON_BILLING_ACCOUNT,
    ON_BUCKETS,
    ON_KEY,
    ON_PROJECT,
)
from tools.support.examples import ROOT

TERRAFORM = ROOT / "terraform"
CONFIGURATION = "\n".join(file.read_text() for file in TERRAFORM.rglob("*.tf"))

needs_terraform = pytest.mark.skipif(
    shutil.which("terraform") is None,
    reason="terraform is not on PATH: install 1.11 or newer to read the variables with it",
)


def _evaluated(*options: str) -> Requirements:
    return evaluate(TERRAFORM, PROJECT, options)


def test_every_resource_has_its_permissions() -> None:
    resources = set(re.findall(r'^(?:resource|data) "(google_\w+)"', CONFIGURATION, re.MULTILINE))
    provisioned = re.findall(r'^resource "(\w+)" "(\w+)" \{[^}]*provisioner', CONFIGURATION, re.M)
    resources |= {".".join(one) for one in provisioned}
    assert len(resources) > 20
    assert resources == {*ON_PROJECT, *ON_BUCKETS, *ON_KEY, *ON_BILLING_ACCOUNT}


def test_permissions_have_the_form_of_googles() -> None:
    """Google refuses the call for one that it does not know."""
    tables = (ON_PROJECT, ON_BUCKETS, ON_KEY, ON_BILLING_ACCOUNT)
    permissions = {one for table in tables for held in table.values() for one in held}
    assert all(re.fullmatch(r"[a-z]+\.\w+\.\w+", permission) for permission in permissions)


@needs_terraform
def test_a_plain_deployment() -> None:
    required = _evaluated()
    assert required.region == "us-central1"
    assert required.services.keys() == {"landmarks", "segmentation", "drain"}
    drain = required.services["drain"]
    assert (drain.cpu, drain.memory, drain.instances) == (1, 512 * 2**20, 2)
    assert required.bucket_names == (
        "toonmask-input-my-project",
        "toonmask-output-my-project",
        "toonmask-source-my-project",
    )
    assert "run.googleapis.com" in required.apis
    assert "cloudkms.googleapis.com" not in required.apis
    assert "containerscanning.googleapis.com" not in required.apis
    assert not required.secrets
    assert required.secrets_given
    assert not required.uses_l4
    assert not required.builds_sam2_image
    assert required.from_source == {"landmarks", "segmentation", "drain"}


@needs_terraform
def test_variables_are_those_of_terraform() -> None:
    key = "projects/p/locations/us-central1/keyRings/r/cryptoKeys/k"
    required = _evaluated(
        "-var=deploy_sam2=true",
        "-var=enable_api=true",
        '-var=api={callers=["group:team@example.com"],wants_key=true,memory="8Gi"}',
        "-var=landmarks={cpu=0.5,max_instances=2}",
        f"-var=kms_key={key}",
        '-var=budget={billing_account="012345-ABCDEF-012345",amount=10}',
        "-var=prefix=cartoons",
        "-var=scan_images=true",
    )
    assert required.services["sam2"].model_dump() == {
        "cpu": 2,
        "memory": 4 * 2**30,
        "l4_gpus": 0,
        "instances": 4,
    }
    assert required.services["api"].memory == 8 * 2**30
    assert required.services["landmarks"].cpu == 0.5
    assert required.services["landmarks"].instances == 2
    assert required.api_callers == ("group:team@example.com",)
    assert required.secrets == ("API_KEY",)
    assert not required.secrets_given
    assert required.kms_key == key
    assert required.billing_account == "012345-ABCDEF-012345"
    assert {
        "cloudkms.googleapis.com",
        "billingbudgets.googleapis.com",
        "containerscanning.googleapis.com",
    } <= set(required.apis)
    assert required.bucket_names[0] == "cartoons-input-my-project"
    assert required.builds_sam2_image


@needs_terraform
def test_sam2_runs_on_cpus_and_from_an_image_if_there_is_one() -> None:
    required = _evaluated("-var=deploy_sam2=true", '-var=sam2={image="sam2:1"}')
    assert not required.uses_l4
    assert not required.builds_sam2_image
    assert required.sam2_image.model_dump() == {
        "device": "cpu",
        "model": "facebook/sam2.1-hiera-tiny",
    }


@needs_terraform
def test_sam2_on_a_gpu_is_the_largest() -> None:
    required = _evaluated("-var=deploy_sam2=true", "-var=sam2={gpu=true}")
    assert required.uses_l4
    assert required.services["sam2"].model_dump() == {
        "cpu": 4,
        "memory": 16 * 2**30,
        "l4_gpus": 1,
        "instances": 1,
    }
    assert required.sam2_image.model_dump() == {
        "device": "gpu",
        "model": "facebook/sam2.1-hiera-large",
    }


@needs_terraform
@pytest.mark.parametrize("model", [*PINS, f"someone/cartoons@{'0123456789' * 4}"])
def test_a_model_that_the_image_can_contain_is_accepted(model: str) -> None:
    assert _evaluated(f'-var=sam2={{model="{model}"}}').sam2_image.model == model


@needs_terraform
@pytest.mark.parametrize(
    ("size", "most"), [("min_instances=5", 5), ("min_instances=1", 4), ("max_instances=2", 2)]
)
def test_sam2_has_at_least_as_many_instances_as_always_run(size: str, most: int) -> None:
    required = _evaluated("-var=deploy_sam2=true", f"-var=sam2={{{size}}}")
    assert required.services["sam2"].instances == most


@needs_terraform
def test_functions_from_images() -> None:
    image = f"us-docker.pkg.dev/p/r/api@sha256:{'a' * 64}"
    required = _evaluated(
        "-var=enable_api=true",
        f'-var=images={{api="{image}",segmentation="{image}"}}',
        '-var=api={iap=["group:team@example.com"]}',
        "-var=subnetwork=projects/p/regions/us-central1/subnetworks/s",
    )
    assert required.from_source == {"landmarks", "drain"}
    assert required.api_iap == ("group:team@example.com",)
    assert {"iap.googleapis.com", "compute.googleapis.com"} <= set(required.apis)


@needs_terraform
def test_files_are_those_beside_the_configuration_and_later_options_win(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in TERRAFORM.glob("*.tf"):
        shutil.copy(file, tmp_path)
    (tmp_path / "terraform.tfvars").write_text('region = "europe-west1"\nprefix = "one"\n')
    (tmp_path / "mine.tfvars").write_text('prefix = "two"\n')
    monkeypatch.setenv("TF_VAR_enable_api", "true")

    required = evaluate(tmp_path, PROJECT, [])
    assert (required.region, required.bucket_names[0]) == ("europe-west1", "one-input-my-project")
    assert required.enable_api

    mine = "-var-file=mine.tfvars"
    assert evaluate(tmp_path, PROJECT, [mine]).bucket_names[0].startswith("two-")
    three = "-var=prefix=three"
    assert evaluate(tmp_path, PROJECT, [mine, three]).bucket_names[0].startswith("three-")
    assert evaluate(tmp_path, PROJECT, [three, mine]).bucket_names[0].startswith("two-")


@needs_terraform
@pytest.mark.parametrize(
    ("option", "text"),
    [
        ("-var=regoin=x", 'A variable named "regoin" was assigned on the command line'),
        ("-var=region=EU", "region must be a region such as us-central1"),
        ('-var=sam2={model="someone/cartoons"}', "sam2.model must be NAME@COMMIT"),
        ("-var-file=none.tfvars", "none.tfvars does not exist"),
        ("-var=subnetwork=projects/p/regions/us-central1/subnetworks/s", "Run `make images` first"),
        ("-var=api={", "Expected the start of an expression"),
    ],
)
def test_what_terraform_refuses_is_told_in_its_words(option: str, text: str) -> None:
    with pytest.raises(NotEvaluated, match=text):
        _evaluated(option)
