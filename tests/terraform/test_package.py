"""Terraform's packages contain everything that a function needs, and nothing else."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import requests
from google.cloud import storage as gcs

from local.processes import ProcessTree
from tests.functions.deployment import deployed
from tests.shared.segmentation_runs import output
from tests.terraform.conftest import Terraform
from tools.deployment.function_files import pack, sam2_tag
from tools.deployment.terraform_check import plan, variants
from tools.function_imports import packages_of
from tools.support.examples import EXAMPLES, ROOT
from tools.support.pushes import pushed

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FUNCTIONS = ("landmarks", "segmentation", "drain", "api")


@pytest.fixture(scope="module")
def packages(terraform: Terraform, place: Path) -> dict[str, Path]:
    """The zips that `terraform apply` uploads, by function."""
    plan(terraform, variants()["api"])
    return {name: place / "terraform/.build" / f"toonmask-{name}.zip" for name in FUNCTIONS}


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_package_holds_the_function_its_lock_and_what_it_reaches(
    packages: dict[str, Path], function: str
) -> None:
    with zipfile.ZipFile(packages[function]) as package:
        held = set(package.namelist())
    shared = {
        str(file.relative_to(ROOT))
        for package in packages_of(function)
        for suffix in ("py", "base64")
        for file in (ROOT / "shared" / package).rglob(f"*.{suffix}")
    }
    folder = ROOT / "functions" / function
    page = {str(file.relative_to(folder)) for file in folder.glob("page/**/*") if file.is_file()}
    assert (
        held
        == {"main.py", "pyproject.toml", "uv.lock", "shared/__init__.py", "shared/py.typed"}
        | shared
        | page
    )


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_image_is_built_from_the_same_files(
    packages: dict[str, Path], function: str, tmp_path: Path
) -> None:
    pack(function, tmp_path)
    files = (file for file in tmp_path.rglob("*") if file.is_file())
    sent = {str(file.relative_to(tmp_path)): file.read_bytes() for file in files}
    with zipfile.ZipFile(packages[function]) as package:
        assert sent == {name: package.read(name) for name in package.namelist()}


def test_the_image_of_sam2_has_the_same_tag(planned: dict[str, Any]) -> None:
    """Otherwise `make images` would build again what Terraform has built."""
    (service,) = planned["google_cloud_run_v2_service.sam2[0]"]["after"]["template"]
    (image, _) = planned["terraform_data.sam2_image[0]"]["after"]["triggers_replace"]
    assert service["containers"][0]["image"] == image
    tag = sam2_tag("cpu", "facebook/sam2.1-hiera-tiny")
    assert image == f"us-central1-docker.pkg.dev/my-project/toonmask/sam2:{tag}"


def test_a_package_installed_from_its_lock_handles_an_event(
    packages: dict[str, Path], bucket: gcs.Bucket, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    zipfile.ZipFile(packages["segmentation"]).extractall(code)
    blob = bucket.blob("cat.png")
    blob.upload_from_filename(EXAMPLES / "avataaars_05.png", content_type="image/png")
    source = {"bucket": bucket.name, "name": "cat.png", "generation": blob.generation}
    document = {
        "schema": "toonmask/prompts/1",
        "source": {**source, "width": 512, "height": 512},
        "config": "0123456789ab",
        "instances": [],
        "versions": {},
    }
    body = pushed(json.dumps(document).encode())
    settings = {"INPUT_BUCKET": bucket.name, "OUTPUT_BUCKET": output(bucket).name}
    with ProcessTree(tmp_path / "logs") as tree:
        url = deployed(tree, "segmentation", code, settings)
        assert requests.post(url, json=body, timeout=60).status_code == 200
    result = json.loads(output(bucket).blob("cat.png/result.json").download_as_bytes())
    assert result["status"] == "empty"
