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
