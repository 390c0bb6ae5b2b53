"""Policies of the organisation that refuse a part of the deployment."""

from typing import Any

import pytest

from tests.tools.deployment.preflight.conftest import KEY, Run
from tests.tools.deployment.preflight.google_server import PROJECT, Google
from tools.deployment.preflight.findings import State

PIPELINE = ["landmarks", "segmentation", "drain"]
API = {"enable_api": True, "functions": [*PIPELINE, "api"]}
PUBLIC = {**API, "api_public": True}
PUBLIC_IMAGE = {**PUBLIC, "images": ["api"]}
CALLERS = {**API, "api_callers": ["group:team@example.com"]}
IAP = {**API, "images": ["api"], "api_iap": ["group:team@example.com"]}
GPU = {"deploy_sam2": True}
INTERNAL_GPU = {**GPU, "subnetwork": "projects/p/regions/us-central1/subnetworks/s"}
INVOKER_CHECK = "run.managed.requireInvokerIam"
VPC_EGRESS = "run.allowedVPCEgress"
DOMAINS = "iam.allowedPolicyMemberDomains"
RUN_INGRESS = "run.allowedIngress"
INGRESS = "cloudfunctions.allowedIngressSettings"
CMEK = "gcp.restrictNonCmekServices"
LOCATIONS = "gcp.resourceLocations"

Policy = tuple[str, dict[str, Any]]
"""A constraint, and the rule that is in effect."""


def _allowed(*values: str) -> dict[str, Any]:
    return {"values": {"allowedValues": list(values)}}


def _denied(*values: str) -> dict[str, Any]:
    return {"values": {"deniedValues": list(values)}}


@pytest.mark.parametrize(
    ("policy", "changes", "state"),
    [
        ((DOMAINS, _allowed("is:C03g0mxsk")), PUBLIC, State.WRONG),
        ((DOMAINS, _allowed("C03g0mxsk")), CALLERS, State.UNKNOWN),
        ((DOMAINS, {"denyAll": True}), PUBLIC, State.WRONG),
        ((DOMAINS, _allowed("C03g0mxsk")), IAP, State.UNKNOWN),
        ((INVOKER_CHECK, {"enforce": True}), PUBLIC_IMAGE, State.WRONG),
        ((INVOKER_CHECK, {"enforce": False}), PUBLIC_IMAGE, State.OK),
        ((VPC_EGRESS, _allowed("private-ranges-only")), INTERNAL_GPU, State.WRONG),
        ((VPC_EGRESS, _allowed("all-traffic")), INTERNAL_GPU, State.OK),
        ((RUN_INGRESS, _allowed("internal")), INTERNAL_GPU, State.OK),
        ((RUN_INGRESS, _allowed("internal", "internal-and-cloud-load-balancing")), {}, State.OK),
        ((RUN_INGRESS, _allowed("internal")), GPU, State.WRONG),
        ((RUN_INGRESS, _allowed("is:internal")), PUBLIC, State.WRONG),
        ((RUN_INGRESS, _allowed("is:internal", "is:all")), PUBLIC, State.OK),
        ((RUN_INGRESS, _denied("all")), GPU, State.WRONG),
        ((INGRESS, _allowed("ALLOW_INTERNAL_ONLY")), {}, State.OK),
        ((INGRESS, _allowed("ALLOW_INTERNAL_ONLY")), GPU, State.OK),
        ((INGRESS, _allowed("ALLOW_INTERNAL_ONLY")), CALLERS, State.WRONG),
        ((INGRESS, _allowed("ALLOW_INTERNAL_ONLY")), IAP, State.OK),
        ((INGRESS, _allowed("ALLOW_INTERNAL_AND_GCLB")), {}, State.WRONG),
        ((INGRESS, _allowed("ALLOW_INTERNAL_AND_GCLB")), {"images": PIPELINE}, State.OK),
        ((CMEK, _denied("bigquery.googleapis.com")), {}, State.OK),
        ((CMEK, _denied("storage.googleapis.com")), {}, State.WRONG),
        ((CMEK, _denied("secretmanager.googleapis.com")), {}, State.OK),
        ((CMEK, _denied("secretmanager.googleapis.com")), {"secrets": ["API_KEY"]}, State.WRONG),
        ((CMEK, _denied("is:storage.googleapis.com")), {"kms_key": KEY}, State.OK),
        ((CMEK, _denied("artifactregistry.googleapis.com")), {}, State.WRONG),
        ((LOCATIONS, _allowed("us-central1")), {}, State.OK),
        ((LOCATIONS, _allowed("in:us-central1-locations")), {}, State.OK),
        ((LOCATIONS, _allowed("in:us-locations", "in:asia-locations")), {}, State.OK),
        ((LOCATIONS, _allowed("in:europe-locations", "us-east1", "global")), {}, State.WRONG),
        ((LOCATIONS, _allowed("in:eu-locations")), {}, State.UNKNOWN),
        ((LOCATIONS, _denied("in:us-locations")), {}, State.WRONG),
        ((LOCATIONS, _denied("us-east1")), {}, State.OK),
        ((LOCATIONS, _denied("in:canada-locations")), {}, State.UNKNOWN),
        ((LOCATIONS, {"denyAll": True}), {}, State.WRONG),
        (("iam.disableServiceAccountCreation", {"enforce": True}), {}, State.WRONG),
        (("iam.disableServiceAccountCreation", {"enforce": False}), {}, State.OK),
        (("gcp.restrictServiceUsage", _denied("run.googleapis.com")), {}, State.WRONG),
        (("gcp.restrictServiceUsage", _allowed("run.googleapis.com")), {}, State.WRONG),
        (("gcp.restrictServiceUsage", _denied("sqladmin.googleapis.com")), {}, State.OK),
        (("gcp.restrictServiceUsage", _denied("iam.googleapis.com")), {}, State.OK),
    ],
)
def test_policies(
    run: Run, google: Google, policy: Policy, changes: dict[str, Any], state: State
) -> None:
    constraint, rule = policy
    google.policies[constraint] = [rule]
    finding = run(**changes)[f"policy {constraint}"]
    assert finding.state is state
    command = f"gcloud org-policies describe {constraint} --effective --project={PROJECT}"
    assert (command in finding.text) is (state is not State.OK)


def test_a_public_image_needs_no_grant_to_everybody(run: Run, google: Google) -> None:
    google.policies[DOMAINS] = [_allowed("C03g0mxsk")]
    refused = run(**PUBLIC)[f"policy {DOMAINS}"]
    assert "Run `make images`: from an image, the API is public without a grant" in refused.text
    assert f"policy {DOMAINS}" not in run(**PUBLIC_IMAGE)


def test_policies_that_concern_no_part_of_the_deployment_are_not_read(run: Run) -> None:
    assert {f"policy {INVOKER_CHECK}", f"policy {VPC_EGRESS}"}.isdisjoint(run(**PUBLIC))
