"""What a deployment requires of its project, as Terraform evaluates it.

terraform/requirements.tf, quota.tf and the variables depend on no provider. A plan of these files
alone needs no `terraform init`, no state and no credentials. Terraform applies its own rules to the
variables: *.auto.tfvars, TF_VAR_…, defaults, type conversion, validation.
"""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ByteSize, ConfigDict

_COPIED = ("variables*.tf", "requirements.tf", "quota.tf", "*.tfvars", "*.tfvars.json")
_OUTPUT = """output "requirements" {
  value = local.requirements
}

check "secrets" {
  assert {
    condition     = length(setsubtract(local.keys, local.given_keys)) == 0
    error_message = "A secret has no value."
  }
}
"""
"""A check, because outputs must not depend on secrets."""

_TIMEOUT_SECONDS = 60
"""Longest time for one call of Terraform; a plan of these files takes half a second."""


class NotEvaluated(Exception):
    """Terraform refuses the variables. The text is what it says."""


def _cpus(value: Any) -> Any:
    """A number of CPUs; Cloud Run also takes thousandths, as 500m."""
    if isinstance(value, str) and value.endswith("m"):
        return float(value.removesuffix("m")) / 1000
    return value


def _bytes(value: Any) -> Any:
    """Kubernetes writes 512Mi and 2G for what pydantic reads as 512MiB and 2GB."""
    return f"{value}B" if isinstance(value, str) and not value.isdecimal() else value


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Service(_Frozen):
    """A Cloud Run service: what an instance takes, and how many there are at most."""

    cpu: Annotated[float, BeforeValidator(_cpus)]
    memory: Annotated[ByteSize, BeforeValidator(_bytes)]
    l4_gpus: int
    instances: int


class Sam2(_Frozen):
    """Terraform's variable sam2."""

    gpu: bool
    model: str | None
    image: str | None
    min_instances: int
    max_instances: int | None


class Sam2Image(_Frozen):
    """The build arguments of functions/sam2/Dockerfile."""

    device: str
    model: str


class Requirements(_Frozen):
    """`local.requirements` in terraform/requirements.tf, and whether the secrets are given."""

    project_id: str
    region: str
    l4_regions: tuple[str, ...]
    apis: tuple[str, ...]
    bucket_names: tuple[str, ...]
    kms_key: str | None
    billing_account: str | None
    """Where a budget is made; without billingAccounts/."""

    secrets: tuple[str, ...]
    """The environment variables of the functions that hold them."""

    secrets_given: bool
    """Whether each of these secrets has a value."""

    notification_email: str | None
    enable_api: bool
    api_public: bool
    api_callers: tuple[str, ...]
    api_iap: tuple[str, ...]
    """Who may pass Identity-Aware Proxy in front of the API; empty: it is off."""

    functions: tuple[str, ...]
    images: tuple[str, ...]
    """The functions that come from images. Cloud Functions builds the others."""

    subnetwork: str | None
    deploy_sam2: bool
    sam2: Sam2
    sam2_image: Sam2Image
    services: dict[str, Service]

    @property
    def builds_sam2_image(self) -> bool:
        """Whether the apply builds the image, for which it calls gcloud."""
        return self.deploy_sam2 and self.sam2.image is None

    @property
    def from_source(self) -> frozenset[str]:
        """The functions that Cloud Functions builds."""
        return frozenset(self.functions) - frozenset(self.images)

    @property
    def grants_everybody(self) -> bool:
        """Whether allUsers gets a role. A service from an image is public without one."""
        return self.api_public and "api" in self.from_source

    @property
    def uses_l4(self) -> bool:
        """Whether any service has a GPU."""
        return any(service.l4_gpus for service in self.services.values())


def evaluate(terraform: Path, project: str, options: Sequence[str]) -> Requirements:
    """The requirements of terraform/.

    Args:
        terraform: The folder.
        project: ID of the project.
        options: -var=NAME=VALUE and -var-file=PATH; a relative path starts at the folder.

    Raises:
        NotEvaluated: Terraform refuses the variables.
    """
    with tempfile.TemporaryDirectory() as folder:
        for pattern in _COPIED:
            for file in terraform.glob(pattern):
                shutil.copy(file, folder)
        Path(folder, "output.tf").write_text(_OUTPUT)
        plan = ["plan", "-json", "-input=false", "-lock=false", "-out=plan"]
        variables = [f"-var=project_id={project}", *_absolute(options, terraform)]
        _terraform(folder, *plan, *variables)
        shown = json.loads(_terraform(folder, "show", "-json", "plan"))
    outputs = shown["planned_values"]["outputs"]
    (given,) = (
        check["status"] == "pass"
        for check in shown["checks"]
        if check["address"]["to_display"] == "check.secrets"
    )
    return Requirements.model_validate(outputs["requirements"]["value"] | {"secrets_given": given})


def _absolute(options: Sequence[str], terraform: Path) -> Iterator[str]:
    """The options, with files where Terraform finds them from the temporary folder."""
    for option in options:
        name, _, value = option.partition("=")
        yield f"{name}={terraform.resolve() / value}" if name == "-var-file" else option


def _terraform(folder: str, *arguments: str) -> str:
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    try:
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise NotEvaluated(f"terraform took longer than {_TIMEOUT_SECONDS} s") from error
    if done.returncode:
        raise NotEvaluated(" ".join(_diagnostics(done.stdout)) or done.stderr.strip())
    return done.stdout


def _diagnostics(output: str) -> Iterator[str]:
    """The errors in the lines that `terraform plan -json` prints."""
    for line in output.splitlines():
        diagnostic = json.loads(line).get("diagnostic", {}) if line.startswith("{") else {}
        if diagnostic.get("severity") == "error":
            yield " ".join(f"{diagnostic['summary']}: {diagnostic['detail']}".split())
