"""The images of a deployment: what is built, how, and where the digests go."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tools.deployment import images, variables
from tools.deployment.function_files import packed_files, sam2_tag, tag
from tools.deployment.preflight.requirements import evaluate
from tools.support.examples import ROOT

_REAL_GCLOUD = shutil.which("gcloud")
_ROOT = "europe-west1-docker.pkg.dev/my-project/toonmask"
_GCLOUD = """#!{python}
import json, pathlib, re, sys
folder = pathlib.Path({folder!r})
state = folder / "images.json"
images = json.loads(state.read_text()) if state.exists() else []
arguments = sys.argv[1:]
if arguments[:2] == ["builds", "submit"]:
    source = pathlib.Path(arguments[2])
    files = sorted(str(file.relative_to(source)) for file in source.rglob("*") if file.is_file())
    image = re.search("_IMAGE=([^,]+)", " ".join(arguments)).group(1)
    package, _, tag = image.rpartition(":")
    version = "sha256:" + format(len(images) + 1, "064x")
    images.append({{"package": package, "version": version, "tags": [tag, "other"]}})
    if not (folder / "pushes-nothing").exists():
        state.write_text(json.dumps(images))
else:
    files = []
    print(json.dumps(images))
with (folder / "calls.jsonl").open("a") as calls:
    calls.write(json.dumps([arguments, files]) + "\\n")
sys.exit((folder / "fails").exists())
"""
"""Records its calls. A build adds the image to the list."""

needs_terraform = pytest.mark.skipif(
    shutil.which("terraform") is None,
    reason="terraform is not on PATH: install 1.11 or newer to read the variables with it",
)
pytestmark = [needs_terraform, pytest.mark.usefixtures("file", "gcloud")]


@dataclass(frozen=True)
class Gcloud:
    """The stand-in for gcloud."""

    folder: Path

    def calls(self) -> list[tuple[list[str], list[str]]]:
        """Its arguments, and the files of the folder that a build got."""
        lines = (self.folder / "calls.jsonl").read_text().splitlines()
        return [(arguments, files) for arguments, files in map(json.loads, lines)]

    def builds(self) -> dict[str, tuple[list[str], list[str]]]:
        """The calls that build, by the name of the image."""
        found = [call for call in self.calls() if call[0][0] == "builds"]
        return {call[0][-1].partition(":")[0].rpartition("/")[2]: call for call in found}


@pytest.fixture
def gcloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Gcloud:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "gcloud"
    program.write_text(_GCLOUD.format(python=sys.executable, folder=str(folder)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return Gcloud(folder)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The variables of a deployment, beside the true declarations."""
    terraform = tmp_path / "terraform"
    terraform.mkdir()
    for pattern in ("requirements.tf", "quota.tf", "variables*.tf"):
        for declared in (ROOT / "terraform").glob(pattern):
            shutil.copy(declared, terraform)
    monkeypatch.setattr(variables, "_TERRAFORM", terraform)
    return variables.keep("my-project", "toonmask", {"region": "europe-west1"})


def _make_images(monkeypatch: pytest.MonkeyPatch) -> Any:
    command = ["images", "--project", "my-project", "--deployment", "toonmask"]
    monkeypatch.setattr(sys, "argv", command)
    try:
        images.main()
    except SystemExit as end:
        return end.code
    return None


def test_each_function_is_built_from_its_packed_files(
    gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _make_images(monkeypatch) is None
    builds = gcloud.builds()
    assert builds.keys() == {"landmarks", "segmentation", "drain", "api"}
    for name, (arguments, files) in builds.items():
        assert files == sorted(packed_files(name))
        assert arguments[3:] == [
            "--config=functions/cloudbuild.yaml",
            "--project=my-project",
            "--region=europe-west1",
            "--service-account=projects/my-project/serviceAccounts/"
            "toonmask-build@my-project.iam.gserviceaccount.com",
            "--gcs-source-staging-dir=gs://toonmask-source-my-project/images",
            f"--substitutions=_IMAGE={_ROOT}/{name}:{tag(name)},_FUNCTION={name}",
        ]


def test_the_variables_name_the_digests_and_terraform_accepts_them(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make_images(monkeypatch)
    line = file.read_text().splitlines()[-1]
    assert re.search(rf'^images = {{ landmarks = "{_ROOT}/landmarks@sha256:[0-9a-f]{{64}}", ', line)
    required = evaluate(file.parents[2], "my-project", [f"-var-file={file}"])
    assert set(required.images) == {"landmarks", "segmentation", "drain"}  # api is not deployed
    assert not required.from_source


def test_what_is_built_already_is_not_built_again(
    gcloud: Gcloud, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make_images(monkeypatch)
    before = file.read_text()
    (gcloud.folder / "calls.jsonl").unlink()
    assert _make_images(monkeypatch) is None
    assert gcloud.builds() == {}
    assert file.read_text() == before


def test_the_sam2_service_gets_the_image_that_terraform_would_build(
    gcloud: Gcloud, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"deploy_sam2": "true", "sam2": "{ max_instances = 2 }"}
    variables.keep("my-project", "toonmask", values)
    assert _make_images(monkeypatch) is None
    arguments, files = gcloud.builds()["sam2"]
    model = "facebook/sam2.1-hiera-tiny"
    image = f"{_ROOT}/sam2:{sam2_tag('cpu', model)}"
    assert arguments[-1] == f"--substitutions=_IMAGE={image},_DEVICE=cpu,_MODEL={model}"
    assert arguments[2:5] == [
        ".",
        "--config=functions/sam2/cloudbuild.yaml",
        "--ignore-file=functions/sam2/.gcloudignore",
    ]
    assert {"functions/sam2/check.py", "shared/sam2_server/openvino_network.py"} <= set(files)
    sam2 = evaluate(file.parents[2], "my-project", [f"-var-file={file}"]).sam2
    assert sam2.image
    assert sam2.image.startswith(f"{_ROOT}/sam2@sha256:")
    assert (sam2.model, sam2.max_instances) == (None, 2), "the other settings stay"


def test_with_a_gpu_the_image_has_the_largest_sam2(
    gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    variables.keep("my-project", "toonmask", {"deploy_sam2": "true", "sam2": "{ gpu = true }"})
    assert _make_images(monkeypatch) is None
    arguments, _ = gcloud.builds()["sam2"]
    assert arguments[-1].endswith(",_DEVICE=gpu,_MODEL=facebook/sam2.1-hiera-large")


@pytest.mark.parametrize("repository", ["us-docker.pkg.dev/others/r", f"{_ROOT}-of-others"])
def test_a_sam2_image_from_elsewhere_stays(
    gcloud: Gcloud, file: Path, monkeypatch: pytest.MonkeyPatch, repository: str
) -> None:
    kept = f'{{ image = "{repository}/sam2:1" }}'
    values = {"deploy_sam2": "true", "sam2": kept}
    variables.keep("my-project", "toonmask", values)
    assert _make_images(monkeypatch) is None
    assert "sam2" not in gcloud.builds()
    assert f"sam2 = {kept}" in file.read_text()


@pytest.mark.parametrize(
    ("obstacle", "sentence"),
    [
        ("fails", "This has failed: gcloud artifacts docker images list"),
        ("pushes-nothing", "does not list what was built"),
    ],
)
def test_without_images_the_variables_stay(
    gcloud: Gcloud, file: Path, monkeypatch: pytest.MonkeyPatch, obstacle: str, sentence: str
) -> None:
    before = file.read_text()
    (gcloud.folder / obstacle).touch()
    assert sentence in _make_images(monkeypatch)
    assert file.read_text() == before


def test_a_deployment_comes_before_its_images(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.unlink()
    assert "Run `make deploy PROJECT=my-project` first" in _make_images(monkeypatch)


def test_images_and_source_have_the_same_python() -> None:
    image = (ROOT / "functions/cloudbuild.yaml").read_text()
    source = (ROOT / "terraform/modules/function/main.tf").read_text()
    assert "GOOGLE_PYTHON_VERSION=3.11.*" in image
    assert '"python311"' in source


@pytest.mark.slow
@pytest.mark.skipif(_REAL_GCLOUD is None, reason="gcloud is not on PATH")
def test_gcloud_knows_every_option(
    gcloud: Gcloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without a login, it refuses what it understands."""
    assert _REAL_GCLOUD
    variables.keep("my-project", "toonmask", {"deploy_sam2": "true"})
    _make_images(monkeypatch)
    builds = gcloud.builds()
    for arguments in (gcloud.calls()[0][0], builds["drain"][0], builds["sam2"][0]):
        if arguments[0] == "builds":
            arguments[2] = "."  # the packed files are gone
        done = subprocess.run(
            [_REAL_GCLOUD, *arguments],
            cwd=ROOT,
            env={"PATH": "/usr/bin:/bin", "CLOUDSDK_CONFIG": str(tmp_path / "config")},
            capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip
        assert done.returncode == 1
        assert "You do not currently have an active account selected" in done.stderr
