"""The permissions that `terraform apply` uses, by resource type.

Sources: the REST references, which name the permissions of each method, and
https://cloud.google.com/iam/docs/permissions-reference. What only a later apply needs, such as
deleting, is left out. No real apply with these permissions alone has been made.
"""

from collections.abc import Callable, Iterable

from pydantic import Field

from tools.deployment.preflight.findings import Finding, ok, wrong
from tools.deployment.preflight.google_apis import Answer, GoogleApis
from tools.deployment.preflight.requirements import Requirements

Permissions = tuple[str, ...]

_ACT_AS = "iam.serviceAccounts.actAs"
"""For everything that runs or signs as a service account."""

ON_PROJECT: dict[str, Permissions] = {
    "google_project": ("resourcemanager.projects.get",),
    "google_storage_project_service_account": ("resourcemanager.projects.get",),
    "google_artifact_registry_repository": (
        "artifactregistry.repositories.create",
        "artifactregistry.repositories.get",
    ),
    "google_artifact_registry_repository_iam_member": (
        "artifactregistry.repositories.getIamPolicy",
        "artifactregistry.repositories.setIamPolicy",
    ),
    "google_cloud_run_v2_service": (
        "run.services.create",
        "run.services.get",
        "run.services.update",
        "run.operations.get",
        _ACT_AS,
    ),
    "google_cloud_run_v2_service_iam_member": (
        "run.services.getIamPolicy",
        "run.services.setIamPolicy",
    ),
    "google_cloudfunctions2_function": (
        "cloudfunctions.functions.create",
        "cloudfunctions.functions.get",
        "cloudfunctions.functions.update",
        "cloudfunctions.operations.get",
        _ACT_AS,
    ),
    "google_logging_metric": ("logging.logMetrics.create", "logging.logMetrics.get"),
    "google_monitoring_alert_policy": (
        "monitoring.alertPolicies.create",
        "monitoring.alertPolicies.get",
    ),
    "google_monitoring_dashboard": ("monitoring.dashboards.create", "monitoring.dashboards.get"),
    "google_project_iam_member": (
        "resourcemanager.projects.getIamPolicy",
        "resourcemanager.projects.setIamPolicy",
    ),
    "google_project_service": ("serviceusage.services.get", "serviceusage.services.list"),
    "google_pubsub_subscription": (
        "pubsub.subscriptions.create",
        "pubsub.subscriptions.get",
        "pubsub.topics.attachSubscription",
        _ACT_AS,
    ),
    "google_pubsub_subscription_iam_member": (
        "pubsub.subscriptions.getIamPolicy",
        "pubsub.subscriptions.setIamPolicy",
    ),
    "google_pubsub_topic": ("pubsub.topics.create", "pubsub.topics.get"),
    "google_pubsub_topic_iam_member": ("pubsub.topics.getIamPolicy", "pubsub.topics.setIamPolicy"),
    "google_secret_manager_secret": ("secretmanager.secrets.create", "secretmanager.secrets.get"),
    "google_secret_manager_secret_iam_member": (
        "secretmanager.secrets.getIamPolicy",
        "secretmanager.secrets.setIamPolicy",
    ),
    "google_secret_manager_secret_version": (
        "secretmanager.versions.add",
        "secretmanager.versions.get",
    ),
    "google_service_account": ("iam.serviceAccounts.create", "iam.serviceAccounts.get"),
    "google_service_account_iam_member": (
        "iam.serviceAccounts.getIamPolicy",
        "iam.serviceAccounts.setIamPolicy",
    ),
    "google_storage_bucket": (
        "storage.buckets.create",
        "storage.buckets.get",
        "storage.buckets.update",
    ),
    "google_storage_bucket_iam_member": (
        "storage.buckets.getIamPolicy",
        "storage.buckets.setIamPolicy",
    ),
    "google_storage_bucket_object": ("storage.objects.create", "storage.objects.get"),
    "google_storage_notification": ("storage.buckets.get", "storage.buckets.update"),
    # its provisioner calls gcloud builds submit
    "terraform_data.sam2_image": (
        "cloudbuild.builds.create",
        "cloudbuild.builds.get",
        "serviceusage.services.use",
        "storage.objects.create",
        _ACT_AS,
    ),
}
"""Permissions on the project, by resource or data source of terraform/. The one to enable APIs is
missing here: `services.py` checks it where an API is disabled."""

ON_KEY: dict[str, Permissions] = {
    "google_kms_crypto_key_iam_member": (
        "cloudkms.cryptoKeys.getIamPolicy",
        "cloudkms.cryptoKeys.setIamPolicy",
    )
}
"""Those on the key, which can be in another project."""

ON_BILLING_ACCOUNT: dict[str, Permissions] = {
    "google_billing_budget": ("billing.budgets.create", "billing.budgets.get"),
}
"""Those on the billing account."""

_ONLY_WHERE: dict[str, Callable[[Requirements], object]] = {
    "google_cloud_run_v2_service": lambda required: required.deploy_sam2,
    "google_secret_manager_secret": lambda required: required.secrets,
    "google_secret_manager_secret_iam_member": lambda required: required.secrets,
    "google_secret_manager_secret_version": lambda required: required.secrets,
    "terraform_data.sam2_image": lambda required: required.builds_sam2_image,
}
"""Resources that not every deployment has."""

_ROLES = {
    _ACT_AS: "roles/iam.serviceAccountUser",
    "artifactregistry": "roles/artifactregistry.admin",
    "billing": "roles/billing.costsManager",
    "cloudbuild": "roles/cloudbuild.builds.editor",
    "cloudfunctions": "roles/cloudfunctions.admin",
    "cloudkms": "roles/cloudkms.admin",
    "iam": "roles/iam.serviceAccountAdmin",
    "logging": "roles/logging.configWriter",
    "monitoring": "roles/monitoring.editor",
    "pubsub": "roles/pubsub.admin",
    "resourcemanager": "roles/resourcemanager.projectIamAdmin",
    "run": "roles/run.admin",
    "secretmanager": "roles/secretmanager.admin",
    "serviceusage": "roles/serviceusage.serviceUsageAdmin",
    "storage": "roles/storage.admin",
}
"""A predefined role that holds what is listed above, by permission or by its first part."""


class _Held(Answer):
    """Of a testIamPermissions method."""

    permissions: frozenset[str] = Field(default=frozenset())


def held_on_project(
    apis: GoogleApis, project_id: str, permissions: Iterable[str]
) -> frozenset[str]:
    """Those of the permissions that the caller has; at most 100 may be asked for.

    Raises:
        ApiError: The permissions cannot be tested.
    """
    path = f"v3/projects/{project_id}:testIamPermissions"
    return _held(apis, "cloudresourcemanager", path, permissions)


def required_on_project(required: Requirements) -> frozenset[str]:
    """The permissions that this deployment needs on the project."""
    return frozenset(
        permission
        for resource, permissions in ON_PROJECT.items()
        if resource not in _ONLY_WHERE or _ONLY_WHERE[resource](required)
        for permission in permissions
    )


def check_permissions(required: Requirements, held: frozenset[str], member: str) -> Finding:
    """Whether the caller, who has `held` on the project, may make every resource in it."""
    needed = required_on_project(required)
    if needed <= held:
        return ok("permissions", f"all {len(needed)} on the project")
    missing = needed - held
    roles = " ".join(sorted({_role(permission) for permission in missing}))
    grant = (
        f"for role in {roles}; do gcloud projects add-iam-policy-binding {required.project_id} "
        f"--member={member} --role=$role --condition=None; done"
    )
    lacks = f"{member} lacks {', '.join(sorted(missing))}"
    return wrong("permissions", f"{lacks}. An administrator of the project runs: {grant}")


def check_key(apis: GoogleApis, key: str, member: str) -> Finding:
    """Whether the caller may grant the key to the accounts of Google's services.

    Raises:
        ApiError: The permissions cannot be tested.
    """
    _, project, _, location, _, ring, _, name = key.split("/")
    missing = _missing(apis, "cloudkms", f"v1/{key}", ON_KEY)
    command = (
        f"gcloud kms keys add-iam-policy-binding {name} --keyring={ring} --location={location} "
        f"--project={project}"
    )
    return _outside_project("key", missing, command, member)


def check_budget(apis: GoogleApis, account: str, member: str) -> Finding:
    """Whether the caller may make a budget on the billing account.

    Raises:
        ApiError: The permissions cannot be tested.
    """
    path = f"v1/billingAccounts/{account}"
    missing = _missing(apis, "cloudbilling", path, ON_BILLING_ACCOUNT)
    command = f"gcloud billing accounts add-iam-policy-binding {account}"
    return _outside_project("budget", missing, command, member)


def _outside_project(check: str, missing: list[str], command: str, member: str) -> Finding:
    if not missing:
        return ok(check, "you have the permissions")
    grant = f"{command} --member={member} --role={_role(missing[0])}"
    return wrong(check, f"{member} lacks {', '.join(missing)}. An administrator runs: {grant}")


def _missing(apis: GoogleApis, service: str, path: str, needs: dict[str, Permissions]) -> list[str]:
    needed = frozenset(permission for permissions in needs.values() for permission in permissions)
    return sorted(needed - _held(apis, service, f"{path}:testIamPermissions", needed))


def _held(apis: GoogleApis, service: str, path: str, permissions: Iterable[str]) -> frozenset[str]:
    return apis.post(service, path, _Held, {"permissions": sorted(permissions)}).permissions


def _role(permission: str) -> str:
    return _ROLES.get(permission) or _ROLES[permission.partition(".")[0]]
