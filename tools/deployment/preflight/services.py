"""The APIs that terraform/requirements.tf lists."""

from pydantic import Field

from tools.deployment.google_apis import Answer, GoogleApis
from tools.deployment.preflight.findings import Finding, ok, unknown, wrong
from tools.deployment.preflight.requirements import Requirements
from tools.deployment.preflight.resource_permissions import ENABLE


class _Service(Answer):
    """https://cloud.google.com/service-usage/docs/reference/rest/v1/services"""

    name: str
    state: str = ""


class _Services(Answer):
    services: list[_Service] = Field(default_factory=list)


def check_services(
    apis: GoogleApis, required: Requirements, held: frozenset[str] | None
) -> Finding:
    """Whether every API is enabled, or the caller may enable it.

    Args:
        apis: Google's APIs.
        required: What the deployment requires.
        held: The caller's permissions on the project; None if they are not known.

    Raises:
        ApiError: The states cannot be read.
    """
    check = "APIs"
    parent = f"projects/{required.project_id}"
    # batchGet takes 30 names
    names = [f"{parent}/services/{api}" for api in required.apis]
    answer = apis.get("serviceusage", f"v1/{parent}/services:batchGet", _Services, {"names": names})
    enabled = {one.name.rpartition("/")[2] for one in answer.services if one.state == "ENABLED"}
    disabled = [api for api in required.apis if api not in enabled]
    command = f"gcloud services enable {' '.join(disabled)} --project={required.project_id}"
    if not disabled:
        return ok(check, f"all {len(required.apis)} are enabled")
    if held is None:
        text = "whether your login may enable them is not known. If Terraform may not"
        return unknown(check, f"{len(disabled)} are disabled, and {text}: {command}")
    if ENABLE not in held:
        return wrong(
            check,
            f"{len(disabled)} are disabled, and your login may not enable them ({ENABLE}). "
            f"An administrator of the project runs: {command}",
        )
    return ok(check, f"{len(enabled)} are enabled, Terraform enables the other {len(disabled)}")
