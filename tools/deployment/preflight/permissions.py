"""Whether the caller may do what `terraform apply` does; see `resource_permissions.py`."""

from collections.abc import Iterable

from pydantic import Field

from tools.deployment.google_apis import Answer, GoogleApis
from tools.deployment.preflight.findings import Finding, ok, unknown, wrong
from tools.deployment.preflight.requirements import Requirements
from tools.deployment.preflight.resource_permissions import (
    ENABLE,
    ON_BILLING_ACCOUNT,
    ON_BUCKETS,
    ON_KEY,
    ON_PROJECT,
    ONLY_OWNERS,
    ONLY_WHERE,
    ROLES,
    Permissions,
)


class _Held(Answer):
    """Of a testIamPermissions method."""

    permissions: frozenset[str] = Field(default=frozenset())


def held_on_project(apis: GoogleApis, project_id: str) -> frozenset[str]:
    """What the caller has on the project, of all permissions that a deployment can need.

    Raises:
        ApiError: The permissions cannot be tested.
    """
    path = f"v3/projects/{project_id}:testIamPermissions"
    permissions = _of(ON_PROJECT) | _of(ON_BUCKETS) | {ENABLE, ONLY_OWNERS}
    return _held(apis, "cloudresourcemanager", path, permissions)


def _of(table: dict[str, Permissions]) -> frozenset[str]:
    return frozenset(permission for permissions in table.values() for permission in permissions)


def _required_on_project(required: Requirements) -> frozenset[str]:
    return frozenset(
        permission
        for resource, permissions in ON_PROJECT.items()
        if resource not in ONLY_WHERE or ONLY_WHERE[resource](required)
        for permission in permissions
    )


def check_permissions(required: Requirements, held: frozenset[str], member: str) -> Finding:
    """Whether the caller, who has `held` on the project, may make every resource in it."""
    needed = _required_on_project(required)
    if needed <= held:
        return ok("permissions", f"all {len(needed)} on the project")
    return wrong("permissions", _lacks(needed - held, required.project_id, member))


def check_bucket_permissions(required: Requirements, held: frozenset[str], member: str) -> Finding:
    """Whether the caller, who has `held` on the project, may do what is needed in its buckets."""
    check, needed = "bucket permissions", _of(ON_BUCKETS)
    if needed <= held:
        return ok(check, f"all {len(needed)}")
    if ONLY_OWNERS in held:
        return ok(check, "you have them as an owner of the project")
    lacks = _lacks(needed - held, required.project_id, member)
    return unknown(check, f"owners and editors have them in each bucket; on the project {lacks}")


def _lacks(missing: frozenset[str], project_id: str, member: str) -> str:
    roles = " ".join(sorted({_role(permission) for permission in missing}))
    grant = (
        f"for role in {roles}; do gcloud projects add-iam-policy-binding {project_id} "
        f"--member={member} --role=$role --condition=None; done"
    )
    lacks = f"{member} lacks {', '.join(sorted(missing))}"
    return f"{lacks}. An administrator of the project runs: {grant}"


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
    needed = _of(needs)
    return sorted(needed - _held(apis, service, f"{path}:testIamPermissions", needed))


def _held(apis: GoogleApis, service: str, path: str, permissions: Iterable[str]) -> frozenset[str]:
    return apis.post(service, path, _Held, {"permissions": sorted(permissions)}).permissions


def _role(permission: str) -> str:
    return ROLES.get(permission) or ROLES[permission.partition(".")[0]]
