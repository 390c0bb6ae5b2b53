"""What the preflight finds in a project, and what it says where it gets no answer."""

from collections.abc import Iterable
from typing import Any

import pytest
import requests

from tests.tools.deployment.preflight.conftest import (
    ACCOUNT,
    BUCKET,
    KEY,
    ME,
    SAM2_ON_L4,
    SERVICE,
    Found,
    Run,
)
from tests.tools.deployment.preflight.google_server import NUMBER, Google, error
from tools.deployment.google_apis import GoogleApis
from tools.deployment.preflight.checks import check_all
from tools.deployment.preflight.findings import Finding, State
from tools.deployment.preflight.requirements import Requirements

OTHERS = {"quota memory", "quota CPU"}
POLICIES = {
    "policy run.allowedIngress",
    "policy cloudfunctions.allowedIngressSettings",
    "policy gcp.restrictNonCmekServices",
    "policy gcp.resourceLocations",
    "policy iam.disableServiceAccountCreation",
    "policy gcp.restrictServiceUsage",
}


def _reason(reason: str) -> dict[str, str]:
    return {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}


def _states(found: Found, checks: Iterable[str]) -> set[State]:
    return {found[check].state for check in checks}


def test_in_a_project_in_order_every_check_is_ok(run: Run, google: Google) -> None:
    found = run(
        services={"landmarks": SERVICE, "sam2": SAM2_ON_L4},
        deploy_sam2=True,
        kms_key=KEY,
        billing_account=ACCOUNT,
        enable_api=True,
        api_public=True,
        functions=["landmarks", "segmentation", "drain", "api"],
    )
    outside = {"key", "budget", "APIs", "region", "quota L4", f"bucket {BUCKET}"}
    assert found.keys() == outside | OTHERS | POLICIES | {
        "project", "billing", "permissions", "bucket permissions",
        "policy iam.allowedPolicyMemberDomains",
    }  # fmt: skip
    assert _states(found, found) == {State.OK}
    assert found["project"].text == f"my-project is active, its number is {NUMBER}"
    assert {method for method, _, _ in google.calls} == {"GET", "POST"}
    posts = {path for method, path, _ in google.calls if method == "POST"}
    assert all(path.endswith(":testIamPermissions") for path in posts)


def test_of_a_plain_deployment_nothing_is_checked_that_it_does_not_have(run: Run) -> None:
    found = run()
    assert found.keys() == OTHERS | POLICIES | {
        "project", "billing", "permissions", "bucket permissions", "APIs", f"bucket {BUCKET}",
    }  # fmt: skip
    assert _states(found, found) == {State.OK}


# ---- the project ----


def test_without_a_project_there_is_nothing_else_to_check(run: Run) -> None:
    found = run(project_id="my-projct")
    assert found.keys() == {"project"}
    assert found["project"].state is State.WRONG
    assert "my-projct does not exist, or your login may not see it" in found["project"].text
    assert "gcloud projects list" in found["project"].text


def test_a_project_that_is_being_deleted_is_wrong(run: Run, google: Google) -> None:
    google.state = "DELETE_REQUESTED"
    found = run()
    assert found.keys() == {"project"}
    assert found["project"].state is State.WRONG
    assert "gcloud projects undelete my-project" in found["project"].text


def test_an_api_that_the_login_cannot_call_is_unknown_and_the_line_enables_it(
    run: Run, google: Google
) -> None:
    google.disable("cloudresourcemanager", "cloudbilling", "orgpolicy", "serviceusage", "storage")
    google.buckets[BUCKET] = NUMBER
    found = run()
    assert found.keys() == {
        "project", "billing", "permissions", "APIs", "quotas", "policies", f"bucket {BUCKET}",
    }  # fmt: skip
    assert _states(found, found) == {State.UNKNOWN}
    enable = f"gcloud services enable orgpolicy.googleapis.com --project={NUMBER}"
    assert enable in found["policies"].text


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (
            error(
                403,
                "The API requires a quota project, which is not set.",
                _reason("SERVICE_DISABLED"),
            ),
            "Run: gcloud auth application-default set-quota-project PROJECT",
        ),
        (
            error(403, "Caller may not use project other.", _reason("USER_PROJECT_DENIED")),
            "HTTP 403: Caller may not use project other.",
        ),
    ],
)
def test_a_refusal_of_the_login_says_nothing_about_the_project(
    run: Run, google: Google, failure: tuple[int, dict[str, Any]], text: str
) -> None:
    google.failing["cloudresourcemanager"] = failure
    found = run()
    assert found["project"].state is State.UNKNOWN
    assert text in found["project"].text
    assert "billing" in found


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (error(403, "Permission 'orgpolicy.policies.get' denied"), "HTTP 403: Permission 'orgp"),
        (
            error(503, "The service is\ncurrently unavailable."),
            "HTTP 503: The service is currently",
        ),
        ((500, {"error": "gone"}), "HTTP 500"),
        ((200, {"spec": "none"}), "answered in an unexpected form"),
    ],
)
def test_what_is_no_answer_is_unknown(
    run: Run, google: Google, failure: tuple[int, dict[str, Any]], text: str
) -> None:
    google.failing["orgpolicy"] = failure
    found = run()
    assert found["policies"].state is State.UNKNOWN
    assert text in found["policies"].text


def test_apis_that_cannot_be_reached_are_unknown(required: Requirements) -> None:
    apis = GoogleApis(requests.Session(), "http://127.0.0.1:9/{service}")
    findings = list(check_all(apis, required, ME))
    assert {finding.state for finding in findings} == {State.UNKNOWN}
    assert "cloudbilling.googleapis.com cannot be reached" in str(findings[1])


def test_a_project_without_billing_is_wrong(run: Run, google: Google) -> None:
    google.billing = False
    found = run()
    assert found["billing"].state is State.WRONG
    link = "gcloud billing projects link my-project --billing-account=ACCOUNT"
    assert link in found["billing"].text


# ---- buckets ----


def test_a_bucket_of_the_project_is_its_own(run: Run, google: Google) -> None:
    google.buckets[BUCKET] = NUMBER
    assert run()[f"bucket {BUCKET}"] == Finding(
        f"bucket {BUCKET}", State.OK, "it is this project's"
    )
    google.hidden.add(BUCKET)
    assert run()[f"bucket {BUCKET}"].state is State.OK


def test_a_name_that_another_project_has_is_wrong(run: Run, google: Google) -> None:
    google.buckets[BUCKET] = "999"
    found = run()[f"bucket {BUCKET}"]
    assert found.state is State.WRONG
    assert "taken by the project 999. Choose another prefix: DEPLOYMENT=" in found.text

    google.hidden.add(BUCKET)
    found = run()[f"bucket {BUCKET}"]
    assert found.state is State.WRONG
    assert "taken by another project. Choose another prefix: DEPLOYMENT=" in found.text


def test_whose_a_bucket_is_is_unknown_to_a_caller_who_may_not_list_them(
    run: Run, google: Google
) -> None:
    google.buckets[BUCKET] = NUMBER
    google.hidden.add(BUCKET)
    google.denied = {"storage.buckets.list"}
    found = run()[f"bucket {BUCKET}"]
    assert found.state is State.UNKNOWN
    assert "storage.buckets.list" in found.text


def test_whose_a_bucket_is_is_unknown_without_the_projects_number(run: Run, google: Google) -> None:
    google.disable("cloudresourcemanager")
    google.buckets[BUCKET] = NUMBER
    assert run()[f"bucket {BUCKET}"].state is State.UNKNOWN
