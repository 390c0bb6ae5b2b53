"""The checks of the project, in the order of the report."""

from collections.abc import Callable, Iterable, Iterator

from tools.deployment.google_apis import ApiError, GoogleApis
from tools.deployment.preflight.buckets import check_bucket
from tools.deployment.preflight.findings import Finding, State, unknown
from tools.deployment.preflight.permissions import (
    Caller,
    check_bucket_permissions,
    check_budget,
    check_key,
    check_permissions,
    held_on_project,
)
from tools.deployment.preflight.policies import check_policies
from tools.deployment.preflight.project import check_billing, check_project
from tools.deployment.preflight.quotas import check_quotas, check_region
from tools.deployment.preflight.requirements import Requirements
from tools.deployment.preflight.services import check_services


def check_all(apis: GoogleApis, required: Requirements, member: str) -> Iterator[Finding]:
    """Every check of the project, made as `member`. Without a project the others are left out."""
    project_id = required.project_id
    try:
        finding, number = check_project(apis, project_id)
    except ApiError as error:
        finding, number = unknown("project", str(error)), None
    yield finding
    if finding.state is State.WRONG:
        return
    yield from _guarded("billing", lambda: [check_billing(apis, project_id)])

    buckets, exist = _check_buckets(apis, required, number)
    caller = Caller(member, is_update=exist)
    held: frozenset[str] | None = None
    try:
        held = held_on_project(apis, project_id)
    except ApiError as error:
        yield unknown("permissions", str(error))
    else:
        yield check_permissions(required, held, caller)
        yield check_bucket_permissions(required, held, caller)
    if key := required.kms_key:
        yield from _guarded("key", lambda: [check_key(apis, key, caller)])
    if account := required.billing_account:
        yield from _guarded("budget", lambda: [check_budget(apis, account, caller)])

    yield from _guarded("APIs", lambda: [check_services(apis, required, held)])
    if required.uses_l4:
        yield check_region(required)
    yield from _guarded("quotas", lambda: check_quotas(apis, required))
    yield from _guarded("policies", lambda: check_policies(apis, required))
    yield from buckets


def _check_buckets(
    apis: GoogleApis, required: Requirements, number: str | None
) -> tuple[list[Finding], bool]:
    """The findings, and whether the project has all of the buckets."""
    findings, exist = [], True
    for name in required.bucket_names:
        try:
            finding, exists = check_bucket(apis, name, required.project_id, number)
        except ApiError as error:
            finding, exists = unknown(f"bucket {name}", str(error)), False
        findings.append(finding)
        exist &= exists
    return findings, exist


def _guarded(check: str, findings: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings; where Google does not answer a call, that the rest of them is unknown."""
    try:
        yield from findings()
    except ApiError as error:
        yield unknown(check, str(error))
