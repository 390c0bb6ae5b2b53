"""What the caller may do, and what Terraform may enable for them."""

from typing import Any

import pytest

from tests.tools.deployment.preflight.conftest import ACCOUNT, BUCKET, KEY, ME, SAM2_SIZE, Run
from tests.tools.deployment.preflight.google_server import NUMBER, Google
from tools.deployment.preflight.findings import Finding, State


def test_missing_permissions_are_named_with_the_roles_that_bring_them(
    run: Run, google: Google
) -> None:
    google.denied = {"pubsub.topics.create", "pubsub.topics.get", "iam.serviceAccounts.actAs"}
    text = run()["permissions"].text
    assert run()["permissions"].state is State.WRONG
    lacks = "lacks iam.serviceAccounts.actAs, pubsub.topics.create, pubsub.topics.get."
    assert f"{ME} {lacks}" in text
    assert (
        "for role in roles/iam.serviceAccountUser roles/pubsub.admin; do gcloud projects "
        f"add-iam-policy-binding my-project --member={ME} --role=$role --condition=None; done"
        in text
    )


def test_an_owner_has_the_permissions_in_buckets_that_the_project_does_not_show(
    run: Run, google: Google
) -> None:
    """roles/owner on the project lacks them: new buckets give them to owners."""
    google.denied = {"storage.buckets.get", "storage.buckets.setIamPolicy", "storage.objects.get"}
    found = run()
    assert found["permissions"].state is State.OK
    assert found["bucket permissions"].state is State.OK
    assert found["bucket permissions"].text == "you have them as an owner of the project"

    google.denied.add("resourcemanager.projects.delete")
    found = run()
    assert found["permissions"].state is State.OK
    assert found["bucket permissions"].state is State.UNKNOWN
    assert "for role in roles/storage.admin; do" in found["bucket permissions"].text


@pytest.mark.parametrize(
    ("permission", "changes"),
    [
        ("run.services.create", {"deploy_sam2": True}),
        ("cloudbuild.builds.create", {"deploy_sam2": True}),
        ("run.services.create", {"images": ["drain"]}),
        ("iap.webServices.setIamPolicy", {"api_iap": ["group:team@example.com"]}),
        ("secretmanager.secrets.create", {"secrets": ["API_KEY"]}),
        ("monitoring.notificationChannels.create", {"notification_email": "me@example.com"}),
    ],
)
def test_a_permission_is_needed_only_where_its_resource_is_made(
    run: Run, google: Google, permission: str, changes: dict[str, Any]
) -> None:
    google.denied = {permission}
    assert run()["permissions"].state is State.OK
    assert run(**changes)["permissions"].state is State.WRONG


@pytest.mark.parametrize(
    ("permissions", "state"),
    [
        ({"pubsub.topics.create"}, State.WARNING),
        ({"pubsub.topics.setIamPolicy", "pubsub.topics.attachSubscription"}, State.WARNING),
        ({"pubsub.topics.get"}, State.WRONG),
        ({"iam.serviceAccounts.actAs"}, State.WRONG),
        ({"cloudfunctions.functions.update"}, State.WRONG),
        ({"cloudbuild.builds.create"}, State.WRONG),  # a new image needs it
    ],
)
def test_who_updates_a_deployment_need_not_be_able_to_make_one(
    run: Run, google: Google, permissions: set[str], state: State
) -> None:
    google.denied = permissions
    assert run(deploy_sam2=True)["permissions"].state is State.WRONG
    google.buckets[BUCKET] = NUMBER
    found = run(deploy_sam2=True)["permissions"]
    assert found.state is state
    assert all(permission in found.text for permission in permissions)


def test_of_an_update_only_the_permissions_that_it_needs_are_asked_for(
    run: Run, google: Google
) -> None:
    google.denied = {"pubsub.topics.create", "logging.logMetrics.get"}
    google.buckets[BUCKET] = NUMBER
    text = run()["permissions"].text
    assert "lacks logging.logMetrics.get. An administrator runs: for role in roles/logging" in text


def test_a_bucket_of_another_project_is_no_deployment(run: Run, google: Google) -> None:
    google.denied = {"pubsub.topics.create"}
    google.buckets[BUCKET] = "999"
    assert run()["permissions"].state is State.WRONG


def test_an_image_that_is_built_already_needs_no_build(run: Run, google: Google) -> None:
    google.denied = {"cloudbuild.builds.create"}
    built = {**SAM2_SIZE, "image": "sam2:1"}
    assert run(deploy_sam2=True, sam2=built)["permissions"].state is State.OK


def test_cloud_functions_is_needed_until_all_functions_have_images(
    run: Run, google: Google
) -> None:
    google.denied = {"cloudfunctions.functions.create"}
    assert run(images=["segmentation"])["permissions"].state is State.WRONG
    images = ["landmarks", "segmentation", "drain"]
    assert run(images=images)["permissions"].state is State.OK


def test_a_key_and_a_budget_have_permissions_of_their_own(run: Run, google: Google) -> None:
    google.denied = {"cloudkms.cryptoKeys.setIamPolicy", "billing.budgets.create"}
    found = run(kms_key=KEY, billing_account=ACCOUNT)
    assert found["permissions"].state is State.OK
    assert found["key"].state is found["budget"].state is State.WRONG
    assert (
        "gcloud kms keys add-iam-policy-binding key --keyring=ring --location=us-central1 "
        f"--project=vault --member={ME} --role=roles/cloudkms.admin" in found["key"].text
    )
    assert f"gcloud billing accounts add-iam-policy-binding {ACCOUNT}" in found["budget"].text
    google.buckets[BUCKET] = NUMBER
    found = run(kms_key=KEY, billing_account=ACCOUNT)
    assert found["key"].state is found["budget"].state is State.WARNING
    tested = {path for method, path, _ in google.calls if method == "POST"}
    assert f"/cloudkms/v1/{KEY}:testIamPermissions" in tested
    assert f"/cloudbilling/v1/billingAccounts/{ACCOUNT}:testIamPermissions" in tested


def test_apis_are_enabled_by_terraform_if_the_caller_may(run: Run, google: Google) -> None:
    google.disabled = {"run.googleapis.com", "pubsub.googleapis.com"}
    found = run()["APIs"]
    assert found == Finding("APIs", State.OK, "1 are enabled, Terraform enables the other 2")

    google.denied = {"serviceusage.services.enable"}
    found = run()["APIs"]
    assert found.state is State.WRONG
    command = "gcloud services enable pubsub.googleapis.com run.googleapis.com --project=my-project"
    assert command in found.text

    google.disable("cloudresourcemanager")  # then nobody knows whether they may
    found = run()["APIs"]
    assert found.state is State.UNKNOWN
    assert command in found.text
