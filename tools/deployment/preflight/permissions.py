"""Whether the caller may do what `terraform apply` does; see `resource_permissions.py`."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import Field

from tools.deployment.google_apis import Answer, GoogleApis
from tools.deployment.preflight.findings import Finding, State, ok, unknown, wrong
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

_VERBS_FOR_NEW = frozenset({"add", "attachSubscription", "create", "setIamPolicy"})
"""Last parts of permissions that Terraform uses only for resources that do not exist yet."""


@dataclass(frozen=True)
class Caller:
    """Who runs `terraform apply`."""

    member: str
    """As IAM names them."""

    is_update: bool
    """Whether the deployment exists. Terraform then makes only what is new."""


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


def required_on_project(required: Requirements) -> frozenset[str]:
    """The permissions that the first apply of this deployment uses on the project."""
    return frozenset(
        permission
        for resource, permissions in ON_PROJECT.items()
        if resource not in ONLY_WHERE or ONLY_WHERE[resource](required)
        for permission in permissions
    )


def check_permissions(required: Requirements, held: frozenset[str], caller: Caller) -> Finding:
    """Whether the caller, who has `held` on the project, may make every resource in it."""
    needed = required_on_project(required)
    if needed <= held:
        return ok("permissions", f"all {len(needed)} on the project")
    return _lacking("permissions", needed - held, caller, _on_project(required.project_id))


def check_bucket_permissions(
    required: Requirements, held: frozenset[str], caller: Caller
) -> Finding:
    """Whether the caller, who has `held` on the project, may do what is needed in its buckets."""
    check, needed = "bucket permissions", _of(ON_BUCKETS)
    if needed <= held:
        return ok(check, f"all {len(needed)}")
    if ONLY_OWNERS in held:
        return ok(check, "you have them as an owner of the project")
    lacks = _lacks(needed - held, caller, _on_project(required.project_id))
    return unknown(check, f"owners and editors have them in each bucket; on the project {lacks}")


def check_key(apis: GoogleApis, key: str, caller: Caller) -> Finding:
    """Whether the caller may grant the key to the accounts of Google's services.

    Raises:
        ApiError: The permissions cannot be tested.
    """
    _, project, _, location, _, ring, _, name = key.split("/")
    command = (
        f"gcloud kms keys add-iam-policy-binding {name} --keyring={ring} --location={location} "
        f"--project={project} --member={{member}} --role={{roles}}"
    )
    missing = _missing(apis, "cloudkms", f"v1/{key}", ON_KEY)
    return _lacking("key", missing, caller, command)


def check_budget(apis: GoogleApis, account: str, caller: Caller) -> Finding:
    """Whether the caller may make a budget on the billing account.

    Raises:
        ApiError: The permissions cannot be tested.
    """
    command = (
        f"gcloud billing accounts add-iam-policy-binding {account} --member={{member}} "
        "--role={roles}"
    )
    missing = _missing(apis, "cloudbilling", f"v1/billingAccounts/{account}", ON_BILLING_ACCOUNT)
    return _lacking("budget", missing, caller, command)


def _on_project(project_id: str) -> str:
    return (
        f"for role in {{roles}}; do gcloud projects add-iam-policy-binding {project_id} "
        "--member={member} --role=$role --condition=None; done"
    )


def _lacking(check: str, missing: frozenset[str], caller: Caller, command: str) -> Finding:
    """What is wrong if permissions are missing; `command` grants `{roles}` to `{member}`."""
    if not missing:
        return ok(check, "you have the permissions")
    for_new = frozenset(filter(_is_for_new, missing)) if caller.is_update else frozenset[str]()
    if missing - for_new:
        return wrong(check, _lacks(missing - for_new, caller, command))
    exists = "the buckets of this deployment exist. The apply fails if it makes anything new"
    return Finding(check, State.WARNING, f"{exists}: {_lacks(missing, caller, command)}")


def _is_for_new(permission: str) -> bool:
    service, _, verb = permission.partition(".")
    return (
        verb.rpartition(".")[2] in _VERBS_FOR_NEW and service != "cloudbuild"
    )  # new code is built


def _lacks(missing: frozenset[str], caller: Caller, command: str) -> str:
    roles = " ".join(sorted({_role(permission) for permission in missing}))
    grant = command.format(roles=roles, member=caller.member)
    return f"{caller.member} lacks {', '.join(sorted(missing))}. An administrator runs: {grant}"


def _missing(
    apis: GoogleApis, service: str, path: str, needs: dict[str, Permissions]
) -> frozenset[str]:
    needed = _of(needs)
    return needed - _held(apis, service, f"{path}:testIamPermissions", needed)


def _held(apis: GoogleApis, service: str, path: str, permissions: Iterable[str]) -> frozenset[str]:
    return apis.post(service, path, _Held, {"permissions": sorted(permissions)}).permissions


def _role(permission: str) -> str:
    return ROLES.get(permission) or ROLES[permission.partition(".")[0]]
