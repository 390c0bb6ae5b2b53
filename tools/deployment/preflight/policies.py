"""Organisation policies that refuse a part of the deployment.

Constraints and their values:
https://cloud.google.com/resource-manager/docs/organization-policy/org-policy-constraints.
storage.uniformBucketLevelAccess and storage.publicAccessPrevention are not checked: the buckets
have both.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pydantic import Field

from tools.deployment.google_apis import Answer, GoogleApis
from tools.deployment.preflight.findings import Finding, State
from tools.deployment.preflight.requirements import Requirements

_SECRETS = "secretmanager.googleapis.com"
_ENCRYPTED = frozenset(
    {
        "artifactregistry.googleapis.com",
        "cloudfunctions.googleapis.com",
        "pubsub.googleapis.com",
        "run.googleapis.com",
        "storage.googleapis.com",
    }
)
"""Services whose resources terraform/ encrypts with var.kms_key, if it is set."""


class _Values(Answer):
    allowed_values: list[str] = Field(default_factory=list)
    denied_values: list[str] = Field(default_factory=list)


class _Rule(Answer):
    allow_all: bool = False
    deny_all: bool = False
    enforce: bool = False
    values: _Values = Field(default_factory=_Values)


class _Spec(Answer):
    rules: list[_Rule] = Field(default_factory=list)


class _Policy(Answer):
    """https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/projects.policies"""

    spec: _Spec = Field(default_factory=_Spec)


@dataclass(frozen=True)
class Limits:
    """What the rules of a list policy together allow."""

    allowed: frozenset[str] | None
    """None: every value that is not denied."""

    denied: frozenset[str]

    @classmethod
    def of(cls, rules: Iterable[_Rule]) -> "Limits":
        """Those of the rules; values lose the prefix is:, which changes nothing."""
        allowed: set[str] = set()
        denied: set[str] = set()
        restricted = False
        for rule in rules:
            allowed |= {value.removeprefix("is:") for value in rule.values.allowed_values}
            denied |= {value.removeprefix("is:") for value in rule.values.denied_values}
            restricted |= rule.deny_all or bool(rule.values.allowed_values)
        return cls(frozenset(allowed) if restricted else None, frozenset(denied))

    def refused(self, values: Iterable[str]) -> list[str]:
        """Those of the values that are not allowed."""
        return sorted(
            value
            for value in values
            if value in self.denied or (self.allowed is not None and value not in self.allowed)
        )


Verdict = tuple[State, str]


def check_policies(apis: GoogleApis, required: Requirements) -> Iterator[Finding]:
    """Whether each policy that can refuse this deployment allows it.

    Raises:
        ApiError: A policy cannot be read.
    """
    for constraint, judge in _JUDGES.items():
        if constraint in _ONLY_WHERE and not _ONLY_WHERE[constraint](required):
            continue
        path = f"v2/projects/{required.project_id}/policies/{constraint}:getEffectivePolicy"
        rules = apis.get("orgpolicy", path, _Policy).spec.rules
        state, text = judge(required, rules)
        if state is not State.OK:
            text += (
                f". The policy: gcloud org-policies describe {constraint} --effective "
                f"--project={required.project_id}; a policy administrator can change it"
            )
        yield Finding(f"policy {constraint}", state, text)


def _members(required: Requirements, rules: list[_Rule]) -> Verdict:
    allowed = Limits.of(rules).allowed
    if allowed is None:
        return State.OK, "any member may be granted a role"
    only = f"only members of {_listed(allowed)} may be granted a role"
    if required.grants_everybody:
        text = (
            f"{only}, so allUsers is refused. Run `make images`: from an image, the API is public "
            "without a grant. Or name callers: -var 'api={callers=[\"group:…\"]}'"
        )
        return State.WRONG, text
    return (
        State.UNKNOWN,
        f"{only}; whether api.callers and api.iap are among them is not known here",
    )


def _invoker_check(required: Requirements, rules: list[_Rule]) -> Verdict:
    del required
    if any(rule.enforce for rule in rules):
        text = (
            "Cloud Run has to check the callers of every service, so api.public is refused. "
            "Without an image of api, allUsers gets a role instead. Or name callers, or api.iap"
        )
        return State.WRONG, text
    return State.OK, "a service may be public"


def _run_ingress(required: Requirements, rules: list[_Rule]) -> Verdict:
    # functions are Cloud Run services too
    open_ones = (required.deploy_sam2 and not required.subnetwork) or required.enable_api
    return _all_of(rules, ["internal", *(["all"] if open_ones else [])], _WITHOUT_OPEN)


def _vpc_egress(required: Requirements, rules: list[_Rule]) -> Verdict:
    del required
    return _all_of(rules, ["all-traffic"], "Deploy without subnetwork")


def _functions_ingress(required: Requirements, rules: list[_Rule]) -> Verdict:
    needed = {
        "ALLOW_ALL" if name == "api" else "ALLOW_INTERNAL_ONLY" for name in required.from_source
    }
    return _all_of(rules, needed, _WITHOUT_OPEN)


_OUTSIDE_SERVICE_USAGE = {
    f"{service}.googleapis.com"
    for service in ("cloudresourcemanager", "iam", "iamcredentials", "logging", "monitoring")
}
"""APIs that the constraint does not restrict, so an allowlist need not have them. IAM, Logging and
Monitoring: https://cloud.google.com/resource-manager/docs/organization-policy/restricting-resources.
The other two are not in its list of supported services either."""

_WITHOUT_OPEN = (
    "Deploy without enable_api and deploy_sam2, which take traffic from outside (deploy_sam2 does "
    "not with a subnetwork)"
)


def _encryption(required: Requirements, rules: list[_Rule]) -> Verdict:
    without_key = _ENCRYPTED | ({_SECRETS} if required.secrets else set())
    if required.kms_key:
        return State.OK, "kms_key encrypts what the deployment keeps"
    return _all_of(rules, without_key, "Give a key: -var kms_key=projects/…")


def _service_accounts(required: Requirements, rules: list[_Rule]) -> Verdict:
    del required
    if any(rule.enforce for rule in rules):
        return State.WRONG, "service accounts must not be created, and each function needs its own"
    return State.OK, "service accounts may be created"


def _service_usage(required: Requirements, rules: list[_Rule]) -> Verdict:
    needed = set(required.apis) - _OUTSIDE_SERVICE_USAGE
    return _all_of(rules, needed, "The deployment cannot do without them")


def _all_of(rules: list[_Rule], needed: Iterable[str], remedy: str) -> Verdict:
    refused = Limits.of(rules).refused(needed)
    if refused:
        return State.WRONG, f"not allowed: {_listed(refused)}. {remedy}"
    return State.OK, "allows this deployment"


def _locations(required: Requirements, rules: list[_Rule]) -> Verdict:
    limits, region = Limits.of(rules), required.region
    denied = [_covers(value, region) for value in limits.denied]
    allowed = (
        [True] if limits.allowed is None else [_covers(value, region) for value in limits.allowed]
    )
    if True in denied or not any(covers is not False for covers in allowed):
        listed = _listed(limits.allowed or limits.denied)
        how = "allowed" if limits.allowed else "denied"
        return State.WRONG, f"{region} is refused ({how}: {listed}). Choose another: -var region=…"
    if True in allowed and None not in denied:
        return State.OK, f"{region} is allowed"
    listed = _listed(sorted({*(limits.allowed or ()), *limits.denied}))
    return State.UNKNOWN, f"whether {region} is in {listed} is not known here"


_REGION = r"[a-z]+-[a-z]+\d+"
_CONTINENTS = frozenset({"africa", "asia", "australia", "europe", "southamerica", "us"})
"""Value groups whose regions all begin like the group, and no others do."""


def _covers(value: str, region: str) -> bool | None:
    """Whether a value of gcp.resourceLocations holds the region; None where only Google knows.

    Value groups: https://cloud.google.com/resource-manager/docs/organization-policy/defining-locations
    """
    if value in {region, f"in:{region}-locations"}:
        return True
    if re.fullmatch(rf"(in:)?{_REGION}(-locations|-[a-z])?|[a-z]+\d*", value):
        return False  # another region, a zone, or a multi-region
    group = value.removeprefix("in:").removesuffix("-locations")
    continent = region.partition("-")[0]
    if group in _CONTINENTS and continent in _CONTINENTS:
        return group == continent
    return None


def _listed(values: Iterable[str]) -> str:
    return ", ".join(sorted(values)) or "none"


_MEMBERS = "iam.allowedPolicyMemberDomains"
_INVOKER_CHECK = "run.managed.requireInvokerIam"
_VPC_EGRESS = "run.allowedVPCEgress"
_ONLY_WHERE: dict[str, Callable[[Requirements], object]] = {
    _MEMBERS: lambda required: (
        required.grants_everybody or required.api_callers or required.api_iap
    ),
    _INVOKER_CHECK: lambda required: required.api_public and not required.grants_everybody,
    _VPC_EGRESS: lambda required: required.subnetwork,
}
"""Constraints that do not concern every deployment."""

_JUDGES: dict[str, Callable[[Requirements, list[_Rule]], Verdict]] = {
    _MEMBERS: _members,
    _INVOKER_CHECK: _invoker_check,
    _VPC_EGRESS: _vpc_egress,
    "run.allowedIngress": _run_ingress,
    "cloudfunctions.allowedIngressSettings": _functions_ingress,
    "gcp.restrictNonCmekServices": _encryption,
    "gcp.resourceLocations": _locations,
    "iam.disableServiceAccountCreation": _service_accounts,
    "gcp.restrictServiceUsage": _service_usage,
}
