"""What a deployment plans: on a new project, and after a change of code or of an image."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.conftest import Terraform, changes_of
from tools.deployment.terraform_check import variants

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

VARIANT = variants()["identity-aware-proxy"]
"""The API from an image, the other functions from source."""

DIGEST = "d" * 64
"""Of the image in the variant."""


def test_nobody_asks_google_before_the_apply(planned: dict[str, Any]) -> None:
    """So `make terraform-real` needs no login."""
    read = {name for name, change in planned.items() if change["actions"] == ["read"]}
    assert read == {
        "data.google_project.this",
        "data.google_storage_project_service_account.this",
    }


@pytest.fixture(scope="module")
def from_source(terraform: Terraform, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The variant of images, without them."""
    file = tmp_path_factory.mktemp("variants") / "source.tfvars"
    file.write_text(variants()["images"].read_text().partition("images =")[0])
    return changes_of(terraform, file)


@pytest.fixture(scope="module")
def from_images(terraform: Terraform) -> dict[str, Any]:
    return changes_of(terraform, variants()["images"])


@pytest.mark.parametrize(
    "module",
    ["module.landmarks", "module.segmentation", "module.drain", "module.api[0]"],
)
def test_a_service_has_the_settings_of_the_function_that_it_replaces(
    from_source: dict[str, Any], from_images: dict[str, Any], module: str
) -> None:
    change = from_source[f"{module}.google_cloudfunctions2_function.this[0]"]
    function, (config,) = change["after"], change["after"]["service_config"]
    service = from_images[f"{module}.google_cloud_run_v2_service.this[0]"]["after"]
    (template,) = service["template"]
    (container,) = template["containers"]
    (scaling,) = template["scaling"]

    unknown = change["after_unknown"]["service_config"][0]["environment_variables"]
    values = {**dict.fromkeys(unknown), **config["environment_variables"]}
    secrets = {one["key"] for one in config["secret_environment_variables"]}
    set_here = {one["name"]: one.get("value") for one in container["env"]}
    assert set_here == {**values, **dict.fromkeys(secrets)}
    assert all(one.get("value_source") for one in container["env"] if one["name"] in secrets)

    assert service["name"] == f"{function['name']}-image"
    assert service["location"] == function["location"]
    assert template["encryption_key"] == function["kms_key_name"]
    assert template["timeout"] == f"{config['timeout_seconds']}s"
    assert (
        template["max_instance_request_concurrency"] == (config["max_instance_request_concurrency"])
    )
    assert scaling["min_instance_count"] == config["min_instance_count"]
    assert scaling["max_instance_count"] == config["max_instance_count"]
    (resources,) = container["resources"]
    assert resources["limits"] == {
        "cpu": config["available_cpu"],
        "memory": config["available_memory"],
    }
    assert (service["ingress"], config["ingress_settings"]) in {
        ("INGRESS_TRAFFIC_INTERNAL_ONLY", "ALLOW_INTERNAL_ONLY"),
        ("INGRESS_TRAFFIC_ALL", "ALLOW_ALL"),
    }
    assert not service["deletion_protection"]
    assert not service["iap_enabled"]
    assert service["invoker_iam_disabled"] is (module == "module.api[0]")
    assert from_images.keys() & {f"{module}.google_storage_bucket_object.source[0]"} == set()


def test_a_subnetwork_is_for_the_callers_of_sam2(terraform: Terraform) -> None:
    changes = changes_of(terraform, variants()["internal-sam2"])
    service = changes["module.segmentation.google_cloud_run_v2_service.this[0]"]["after"]
    (access,) = service["template"][0]["vpc_access"]
    (interface,) = access["network_interfaces"]
    assert access["egress"] == "ALL_TRAFFIC"
    assert interface["subnetwork"] == "projects/my-project/regions/us-central1/subnetworks/run"
    sam2 = changes["google_cloud_run_v2_service.sam2[0]"]["after"]
    assert sam2["ingress"] == "INGRESS_TRAFFIC_INTERNAL_ONLY"


def test_the_proxy_stands_before_the_api(terraform: Terraform) -> None:
    changes = changes_of(terraform, VARIANT)
    service = changes["module.api[0].google_cloud_run_v2_service.this[0]"]["after"]
    assert service["iap_enabled"]
    assert not service["invoker_iam_disabled"]


@pytest.fixture(scope="module")
def state(terraform: Terraform, place: Path) -> str:
    """The option that names the state of a deployment of the variant."""
    option = f"-state={place / 'deployed.tfstate'}"
    known = ["-var=project_id=my-project", f"-var-file={VARIANT}"]
    done = terraform("apply", "-no-color", "-input=false", "-auto-approve", option, *known)
    assert done.returncode == 0, done.stdout + done.stderr
    return option


@pytest.fixture
def edited(place: Path) -> Iterator[Path]:
    """A file that tests may change in the copy."""
    files = [place / name for name in ("functions/drain/main.py", "shared/api/app.py")]
    before = [file.read_text() for file in files]
    yield place
    for file, text in zip(files, before, strict=True):
        file.write_text(text)


def test_an_unchanged_deployment_changes_nothing(terraform: Terraform, state: str) -> None:
    assert changes_of(terraform, VARIANT, state) == {}


def test_another_image_changes_only_its_function(
    terraform: Terraform, state: str, tmp_path: Path
) -> None:
    """So an older image is a rollback of one function."""
    older = tmp_path / "older.tfvars"
    older.write_text(VARIANT.read_text().replace(DIGEST, "e" * 64))
    changes = changes_of(terraform, older, state)
    service = "module.api[0].google_cloud_run_v2_service.this[0]"
    assert changes.keys() == {service}
    assert changes[service]["actions"] == ["update"]


def test_other_code_of_a_function_changes_only_this_function(
    terraform: Terraform, state: str, edited: Path
) -> None:
    main = edited / "functions/drain/main.py"
    main.write_text(f"{main.read_text()}# changed\n")
    changes = changes_of(terraform, VARIANT, state)
    assert changes.keys() == {
        "module.drain.google_storage_bucket_object.source[0]",
        "module.drain.google_cloudfunctions2_function.this[0]",
    }
    zipped = changes["module.drain.google_storage_bucket_object.source[0]"]
    assert zipped["before"]["name"] != zipped["after"]["name"]


def test_code_that_only_the_api_uses_changes_no_other_function(
    terraform: Terraform, edited: Path
) -> None:
    before = _zips(terraform)
    app = edited / "shared/api/app.py"
    app.write_text(f"{app.read_text()}# changed\n")
    after = _zips(terraform)
    assert {name for name in before if before[name] != after[name]} == {"module.api[0]"}


def test_code_behind_an_image_changes_nothing(
    terraform: Terraform, state: str, edited: Path
) -> None:
    """The image was built before, and stays what it is."""
    app = edited / "shared/api/app.py"
    app.write_text(f"{app.read_text()}# changed\n")
    assert changes_of(terraform, VARIANT, state) == {}


def _zips(terraform: Terraform) -> dict[str, str]:
    """The names of all functions' zips in a new deployment, by module."""
    kind = ".google_storage_bucket_object.source[0]"
    changes = changes_of(terraform, variants()["api"])
    return {
        address.removesuffix(kind): change["after"]["name"]
        for address, change in changes.items()
        if address.endswith(kind)
    }
