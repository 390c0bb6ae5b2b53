# A plain apply: everything is there, wired, and open to nobody.

mock_provider "google" {
  source = "./tests/mocks"
}

mock_provider "google" {
  alias  = "billing"
  source = "./tests/mocks"
}

mock_provider "google-beta" {}

mock_provider "time" {}

override_resource {
  target = google_service_account.push["uploads"]
  values = { email = "push-uploads@a-project.iam.gserviceaccount.com" }
}

override_resource {
  target = google_service_account.push["prompts"]
  values = { email = "push-prompts@a-project.iam.gserviceaccount.com" }
}

override_resource {
  target = google_service_account.push["drain"]
  values = { email = "push-drain@a-project.iam.gserviceaccount.com" }
}

variables {
  project_id = "a-project"

  # terraform test wants ephemeral variables set where it applies
  api_key             = ""
  replicate_api_token = ""
  sam2_api_key        = ""
}

run "apply" {
  command = apply

  assert {
    condition     = output.input_bucket == "toonmask-input-a-project" && output.output_bucket == "toonmask-output-a-project"
    error_message = "The buckets' names are prefix, purpose and project."
  }

  assert {
    condition     = strcontains(output.try_it, "gsutil cp cat.png gs://toonmask-input-a-project/")
    error_message = "The outputs print the line that tries it."
  }

  assert {
    condition     = alltrue([for bucket in google_storage_bucket.data : bucket.uniform_bucket_level_access && bucket.public_access_prevention == "enforced" && !bucket.force_destroy])
    error_message = "Buckets are private, and are not destroyed while they hold anything."
  }

  assert {
    condition     = alltrue([for bucket in google_storage_bucket.data : bucket.soft_delete_policy[0].retention_duration_seconds == 604800])
    error_message = "What is deleted can be restored for a week."
  }

  assert {
    condition     = google_storage_notification.uploads.event_types == toset(["OBJECT_FINALIZE"]) && google_storage_notification.uploads.payload_format == "JSON_API_V1"
    error_message = "Uploads are announced, with their metadata."
  }

  assert {
    condition = alltrue([
      for subscription in google_pubsub_subscription.work :
      subscription.dead_letter_policy[0].max_delivery_attempts == 10 &&
      subscription.push_config[0].oidc_token[0].service_account_email != "" &&
      subscription.retry_policy[0].minimum_backoff == "10s" && subscription.retry_policy[0].maximum_backoff == "600s" &&
      subscription.message_retention_duration == "604800s" &&
      subscription.expiration_policy[0].ttl == ""
    ])
    error_message = "Every push has an identity, backoff, dead letters and seven days, and never expires."
  }

  assert {
    condition = alltrue([
      for hop in keys(google_pubsub_subscription.work) :
      google_cloud_run_v2_service_iam_member.push_invokes[hop].role == "roles/run.invoker" &&
      google_cloud_run_v2_service_iam_member.push_invokes[hop].member == google_service_account.push[hop].member &&
      google_service_account_iam_member.pubsub_signs[hop].role == "roles/iam.serviceAccountTokenCreator" &&
      google_pubsub_topic_iam_member.dead_letters[hop].member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com" &&
      google_pubsub_subscription_iam_member.dead_letters[hop].role == "roles/pubsub.subscriber" &&
      google_pubsub_subscription.dead[hop].topic == google_pubsub_topic.dead[hop].id
    ])
    error_message = "Every push may invoke its function, and Pub/Sub may sign for it and move its dead letters."
  }

  assert {
    condition = alltrue([
      for hop, subscription in google_pubsub_subscription.drain :
      subscription.topic == google_pubsub_topic.dead[hop].id &&
      subscription.push_config[0].oidc_token[0].service_account_email == google_service_account.push["drain"].email &&
      subscription.expiration_policy[0].ttl == "" &&
      length(subscription.dead_letter_policy) == 0
    ]) && length(google_pubsub_subscription.drain) == 2
    error_message = "Dead letters of both hops are pushed to the drain, which is never given up on."
  }

  assert {
    condition = alltrue([
      for hop, subscription in merge(google_pubsub_subscription.work, { drain = google_pubsub_subscription.drain["uploads"] }) :
      { uploads = local.landmarks_environment, prompts = local.segmentation_environment, drain = local.drain_environment }[hop]["PUSH_ACCOUNT"] == subscription.push_config[0].oidc_token[0].service_account_email &&
      subscription.push_config[0].oidc_token[0].service_account_email == "push-${hop}@a-project.iam.gserviceaccount.com" &&
      subscription.push_config[0].oidc_token[0].audience == subscription.push_config[0].push_endpoint
    ])
    error_message = "Every function checks itself that it is pushed to by its own account, under the address that is called."
  }

  assert {
    condition     = toset(keys(google_storage_bucket_iam_member.functions_read_input)) == toset(["landmarks", "segmentation", "drain"])
    error_message = "The pipeline's functions, and nobody else, read uploads."
  }

  assert {
    condition     = google_pubsub_topic_iam_member.storage_publishes.member == "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
    error_message = "Cloud Storage may announce uploads."
  }

  assert {
    condition     = length(google_cloud_run_v2_service.sam2) == 0 && length(google_secret_manager_secret.keys) == 0 && length(google_billing_budget.this) == 0 && output.page == null
    error_message = "Nothing is made that was not asked for."
  }

  assert {
    condition     = output.sam2_url == null
    error_message = "Without SAM2 the embedded segmenter works."
  }
}

run "deadlines_fit" {
  command = plan

  assert {
    condition = alltrue([
      for subscription in google_pubsub_subscription.work : subscription.ack_deadline_seconds == 600
    ]) && var.landmarks.timeout < 600 && var.segmentation.timeout < 600 && var.sam2_deadline < var.segmentation.timeout
    error_message = "SAM2's deadline ends before the function's time-out, and that before Pub/Sub delivers again."
  }
}

run "two_copies_in_one_project" {
  command = plan

  variables {
    prefix = "other"
  }

  assert {
    condition = alltrue([
      for name in concat(
        [for bucket in google_storage_bucket.data : bucket.name],
        [google_storage_bucket.source.name],
        [for topic in google_pubsub_topic.work : topic.name],
        [for topic in google_pubsub_topic.dead : topic.name],
        [for subscription in google_pubsub_subscription.work : subscription.name],
        [for subscription in google_pubsub_subscription.drain : subscription.name],
        [for account in google_service_account.push : account.account_id],
        [for metric in google_logging_metric.this : metric.name],
        [google_service_account.build.account_id, google_artifact_registry_repository.images.repository_id],
      ) : startswith(name, "other")
    ])
    error_message = "Every name begins with the prefix."
  }
}
