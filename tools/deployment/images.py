"""python -m tools.deployment.images: builds the images of a deployment and sets its variables.

Each function gets an image, and the SAM2 service if the deployment runs it. The tag of an image
depends on its files, so only what has changed is built. The variables name digests, so the next
`make deploy` runs exactly these images. Needs gcloud, and what `make deploy` has created before:
the repository, the bucket of sources and the account that builds.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, TypeAdapter

from tools.deployment import variables
from tools.deployment.function_files import pack, sam2_tag, tag
from tools.deployment.preflight.requirements import NotEvaluated, Requirements, evaluate

_REPOSITORY = Path(__file__).parents[2]
FUNCTIONS = ("landmarks", "segmentation", "drain", "api")
"""The functions in `images`. The API is built also where it is not deployed yet, because api.iap
and subnetwork need its image first."""


class Failed(Exception):
    """The images cannot be built; the message says what to do."""


class _Listed(BaseModel):
    """An image as `gcloud artifacts docker images list` prints it."""

    package: str
    version: str
    tags: list[str]


@dataclass(frozen=True)
class Registry:
    """The repository of a deployment's images, and how Cloud Build fills it."""

    project: str
    region: str
    deployment: str

    @property
    def root(self) -> str:
        """The beginning of each image's name."""
        return f"{self.region}-docker.pkg.dev/{self.project}/{self.deployment}"

    def digests(self) -> dict[str, str]:
        """Returns the names of all images with their digests, by their names with tags.

        Raises:
            Failed: gcloud cannot list them.
        """
        listed = _gcloud(
            "artifacts", "docker", "images", "list", self.root,
            "--include-tags", "--format=json", f"--project={self.project}",
            stdout=subprocess.PIPE,
        )  # fmt: skip
        return {
            f"{image.package}:{name}": f"{image.package}@{image.version}"
            for image in TypeAdapter(list[_Listed]).validate_json(listed)
            for name in image.tags
        }

    def build(self, *source: str, substitutions: Mapping[str, str]) -> None:
        """Builds and pushes an image, from a folder with options.

        Raises:
            Failed: gcloud cannot build it.
        """
        account = f"{self.deployment}-build@{self.project}.iam.gserviceaccount.com"
        pairs = ",".join(f"{name}={value}" for name, value in substitutions.items())
        _gcloud(
            "builds", "submit", *source,
            f"--project={self.project}",
            f"--region={self.region}",
            # Compute's default account is absent or has no roles in new projects
            f"--service-account=projects/{self.project}/serviceAccounts/{account}",
            f"--gcs-source-staging-dir=gs://{self.deployment}-source-{self.project}/images",
            f"--substitutions={pairs}",
        )  # fmt: skip


def main() -> None:
    """Builds, and writes the variables. Exit code 1 if that is not possible."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--project", required=True)
    parser.add_argument("--deployment", required=True, help="Terraform's variable prefix")
    arguments = parser.parse_args()
    try:
        values = _built(arguments.project, arguments.deployment)
        file = variables.keep(arguments.project, arguments.deployment, values)
    except (Failed, NotEvaluated, variables.Refused) as error:
        sys.exit(str(error))
    sys.stdout.write(f"The digests are in {file}. `make deploy` runs these images.\n")


def _built(project: str, deployment: str) -> dict[str, str]:
    """Builds what is missing; returns the variables that name the images."""
    required = _required(project, deployment)
    registry = Registry(project, required.region, deployment)
    images = {name: f"{registry.root}/{name}:{tag(name)}" for name in FUNCTIONS}
    ours = f"{registry.root}/"
    # an image of the SAM2 service from elsewhere is somebody's own
    if required.deploy_sam2 and (required.sam2.image or ours).startswith(ours):
        sam2 = required.sam2_image
        images["sam2"] = f"{registry.root}/sam2:{sam2_tag(sam2.device, sam2.model)}"

    existing = registry.digests()
    for name, image in images.items():
        if image in existing:
            sys.stdout.write(f"{image} is built already.\n")
            continue
        sys.stdout.write(f"Sends the files of {name} to Cloud Build, which pushes {image}.\n")
        sys.stdout.flush()
        if name == "sam2":
            _build_sam2(registry, image, required)
        else:
            _build_function(registry, image, name)

    existing = registry.digests()
    if lost := {name for name, image in images.items() if image not in existing}:
        raise Failed(f"The repository {registry.root} does not list what was built: {lost}.")
    found = {name: existing[image] for name, image in images.items()}
    values = {"images": _hcl({name: found[name] for name in FUNCTIONS})}
    if "sam2" in found:
        values["sam2"] = _hcl({**required.sam2.model_dump(), "image": found["sam2"]})
    return values


def _required(project: str, deployment: str) -> Requirements:
    file = variables.file_of(project, deployment)
    if not file.exists():
        raise Failed(
            f"There is no {file}. Run `make deploy PROJECT={project}` first: it writes this file, "
            "and creates the repository of the images and the account that builds them."
        )
    return evaluate(file.parents[2], project, [f"-var-file={file}"])


def _build_function(registry: Registry, image: str, function: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pack(function, Path(folder))
        registry.build(
            folder,
            "--config=functions/cloudbuild.yaml",
            substitutions={"_IMAGE": image, "_FUNCTION": function},
        )


def _build_sam2(registry: Registry, image: str, required: Requirements) -> None:
    registry.build(
        ".",
        "--config=functions/sam2/cloudbuild.yaml",
        "--ignore-file=functions/sam2/.gcloudignore",
        substitutions={
            "_IMAGE": image,
            "_DEVICE": required.sam2_image.device,
            "_MODEL": required.sam2_image.model,
        },
    )


def _hcl(value: Mapping[str, object]) -> str:
    """Returns an object of simple values in one line of Terraform's language."""
    return "{ " + ", ".join(f"{name} = {json.dumps(one)}" for name, one in value.items()) + " }"


def _gcloud(*arguments: str, stdout: int | None = None) -> str:
    done = subprocess.run(
        ["gcloud", *arguments], cwd=_REPOSITORY, stdout=stdout, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"This has failed: gcloud {' '.join(arguments)}")
    return done.stdout


if __name__ == "__main__":
    main()
