"""The permissions that `terraform apply` uses, by resource type.

Sources: the REST references, which name the permissions of each method, and
https://cloud.google.com/iam/docs/permissions-reference. The names, and that each role below has its
permissions, were compared with a copy of the predefined roles of August 2026
(https://github.com/iann0036/iam-dataset). What only a later apply needs, such as
deleting, is left out. No real apply with these permissions alone has been made.
"""

from collections.abc import Callable

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
    "google_iap_web_cloud_run_service_iam_member": (
        "iap.webServices.getIamPolicy",
        "iap.webServices.setIamPolicy",
    ),
    "google_logging_metric": ("logging.logMetrics.create", "logging.logMetrics.get"),
    "google_monitoring_alert_policy": (
        "monitoring.alertPolicies.create",
        "monitoring.alertPolicies.get",
    ),
    "google_monitoring_dashboard": ("monitoring.dashboards.create", "monitoring.dashboards.get"),
    "google_monitoring_notification_channel": (
        "monitoring.notificationChannels.create",
        "monitoring.notificationChannels.get",
    ),
    "google_project_iam_member": (
        "resourcemanager.projects.getIamPolicy",
        "resourcemanager.projects.setIamPolicy",
    ),
    "google_project_service": ("serviceusage.services.get", "serviceusage.services.list"),
    "google_project_service_identity": (),  # the documentation of the method names none
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
    "google_storage_bucket": ("storage.buckets.create",),
    # its provisioner calls gcloud builds submit
    "terraform_data.sam2_image": (
        "cloudbuild.builds.create",
        "cloudbuild.builds.get",
        "serviceusage.services.use",
        _ACT_AS,
    ),
}
"""Permissions on the project, by resource or data source of terraform/. The one to enable APIs is
missing here: `services.py` checks it where an API is disabled."""

ON_BUCKETS: dict[str, Permissions] = {
    "google_storage_bucket": ("storage.buckets.get", "storage.buckets.update"),
    "google_storage_bucket_iam_member": (
        "storage.buckets.getIamPolicy",
        "storage.buckets.setIamPolicy",
    ),
    "google_storage_bucket_object": ("storage.objects.create", "storage.objects.get"),
    "google_storage_notification": ("storage.buckets.get", "storage.buckets.update"),
}
"""Those in the buckets. roles/storage.admin gives them on the project. Owners of the project do not
have them there: each new bucket gives them to owners
(https://cloud.google.com/storage/docs/access-control/iam-roles#basic-roles-intrinsic)."""

ONLY_OWNERS = "resourcemanager.projects.delete"
"""A permission of roles/owner that no role below has. It tells an owner, who may do anything in new
buckets, from others; roles/resourcemanager.projectDeleter has it too."""

ENABLE = "serviceusage.services.enable"
"""The permission to enable an API."""

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

ONLY_WHERE: dict[str, Callable[[Requirements], object]] = {
    "google_cloud_run_v2_service": lambda required: required.deploy_sam2 or required.images,
    "google_cloudfunctions2_function": lambda required: required.from_source,
    "google_iap_web_cloud_run_service_iam_member": lambda required: required.api_iap,
    "google_monitoring_notification_channel": lambda required: required.notification_email,
    "google_secret_manager_secret": lambda required: required.secrets,
    "google_secret_manager_secret_iam_member": lambda required: required.secrets,
    "google_secret_manager_secret_version": lambda required: required.secrets,
    "terraform_data.sam2_image": lambda required: required.builds_sam2_image,
}
"""Resources that not every deployment has."""

ROLES = {
    _ACT_AS: "roles/iam.serviceAccountUser",
    "artifactregistry": "roles/artifactregistry.admin",
    "billing": "roles/billing.costsManager",
    "cloudbuild": "roles/cloudbuild.builds.editor",
    "cloudfunctions": "roles/cloudfunctions.admin",
    "cloudkms": "roles/cloudkms.admin",
    "iam": "roles/iam.serviceAccountAdmin",
    "iap": "roles/iap.admin",
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
