"""The project itself, and its billing."""

from tools.deployment.google_apis import Answer, ApiError, GoogleApis
from tools.deployment.preflight.findings import Finding, ok, wrong


class _Project(Answer):
    """https://cloud.google.com/resource-manager/reference/rest/v3/projects"""

    name: str
    state: str

    @property
    def number(self) -> str:
        return self.name.removeprefix("projects/")


class _Billing(Answer):
    """https://cloud.google.com/billing/docs/reference/rest/v1/ProjectBillingInfo"""

    billing_enabled: bool = False


def check_project(apis: GoogleApis, project_id: str) -> tuple[Finding, str | None]:
    """Whether the project is active, and its number if it is.

    Raises:
        ApiError: The project cannot be looked up.
    """
    check = "project"
    try:
        project = apis.get("cloudresourcemanager", f"v3/projects/{project_id}", _Project)
    except ApiError as error:
        if error.status not in {403, 404}:
            raise
        # Google answers 403 in both cases. Terraform needs the same permission.
        text = (
            f"{project_id} does not exist, or your login may not see it "
            "(resourcemanager.projects.get). Your projects: gcloud projects list; "
            f"a new one: gcloud projects create {project_id}"
        )
        return wrong(check, text), None
    if project.state != "ACTIVE":
        text = f"{project_id} is {project.state}. Run: gcloud projects undelete {project_id}"
        return wrong(check, text), None
    return ok(check, f"{project_id} is active, its number is {project.number}"), project.number


def check_billing(apis: GoogleApis, project_id: str) -> Finding:
    """Whether the project has an open billing account.

    Raises:
        ApiError: It cannot be looked up.
    """
    check = "billing"
    info = apis.get("cloudbilling", f"v1/projects/{project_id}/billingInfo", _Billing)
    if not info.billing_enabled:
        return wrong(
            check,
            f"billing is disabled. Run: gcloud billing projects link {project_id} "
            "--billing-account=ACCOUNT (accounts: gcloud billing accounts list)",
        )
    return ok(check, "enabled")
