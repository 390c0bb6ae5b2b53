# Two hops. Each has a topic, a push subscription to its function, and a topic for dead letters. A pull
# subscription keeps the dead letters for `make redrive`. A push subscription to the function drain
# gives their uploads a result with the status failed. Subscriptions of Eventarc are not used, because
# they have no dead letters.

locals {
  hops = {
    uploads = "landmarks"
    prompts = "segmentation"
  }

  # The functions that receive pushes, by the account that pushes.
  pushes = merge(local.hops, { drain = "drain" })

  # Pub/Sub's maximum: https://cloud.google.com/pubsub/docs/subscription-properties. The functions'
  # timeouts are shorter.
  ack_deadline_seconds = 600
}

resource "google_pubsub_topic" "work" {
  for_each = local.hops

  # checkov:skip=CKV_GCP_83:kms_key_name is var.kms_key; null means Google's own keys
  name                       = "${var.prefix}-${each.key}"
  project                    = var.project_id
  kms_key_name               = var.kms_key
  message_retention_duration = "604800s"

  depends_on = [time_sleep.encryption]
}

resource "google_pubsub_topic" "dead" {
  for_each = local.hops

  # checkov:skip=CKV_GCP_83:kms_key_name is var.kms_key; null means Google's own keys
  name         = "${var.prefix}-${each.key}-dead"
  project      = var.project_id
  kms_key_name = var.kms_key

  depends_on = [time_sleep.encryption]
}

resource "google_pubsub_subscription" "work" {
  for_each = local.hops

  name                       = "${var.prefix}-${each.key}"
  project                    = var.project_id
  topic                      = google_pubsub_topic.work[each.key].id
  ack_deadline_seconds       = local.ack_deadline_seconds
  message_retention_duration = "604800s"

  push_config {
    push_endpoint = local.function[each.value].uri

    oidc_token {
      service_account_email = google_service_account.push[each.key].email
      audience              = local.function[each.value].uri
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead[each.key].id
    max_delivery_attempts = var.max_delivery_attempts
  }

  expiration_policy {
    ttl = "" # never: a month without messages must not delete the subscription
  }

  depends_on = [
    google_cloud_run_v2_service_iam_member.push_invokes,
    google_pubsub_topic_iam_member.dead_letters,
    google_service_account_iam_member.pubsub_signs,
  ]
}

resource "google_pubsub_subscription" "dead" {
  for_each = local.hops

  name                       = "${var.prefix}-${each.key}-dead"
  project                    = var.project_id
  topic                      = google_pubsub_topic.dead[each.key].id
  ack_deadline_seconds       = local.ack_deadline_seconds
  message_retention_duration = "2678400s" # 31 days, Pub/Sub's maximum: time to fix the cause

  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "drain" {
  for_each = local.hops

  name                       = "${var.prefix}-${each.key}-drain"
  project                    = var.project_id
  topic                      = google_pubsub_topic.dead[each.key].id
  ack_deadline_seconds       = 60
  message_retention_duration = "2678400s"

  push_config {
    push_endpoint = module.drain.uri

    oidc_token {
      service_account_email = google_service_account.push["drain"].email
      audience              = module.drain.uri
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  expiration_policy {
    ttl = ""
  }

  depends_on = [
    google_cloud_run_v2_service_iam_member.push_invokes,
    google_service_account_iam_member.pubsub_signs,
  ]
}

# ---- permissions ----

resource "google_service_account" "push" {
  for_each = local.pushes

  account_id   = "${var.prefix}-push-${each.key}"
  project      = var.project_id
  display_name = each.key == "drain" ? "Pushes dead letters to the function drain" : "Pushes ${each.key} to the function ${each.value}"

  depends_on = [time_sleep.apis]
}

resource "google_cloud_run_v2_service_iam_member" "push_invokes" {
  for_each = local.pushes

  project  = var.project_id
  location = var.region
  name     = local.function[each.value].service
  role     = "roles/run.invoker"
  member   = google_service_account.push[each.key].member
}

resource "google_service_account_iam_member" "pubsub_signs" {
  for_each = local.pushes

  service_account_id = google_service_account.push[each.key].name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub_agent

  depends_on = [time_sleep.agents]
}

resource "google_pubsub_topic_iam_member" "storage_publishes" {
  project = var.project_id
  topic   = google_pubsub_topic.work["uploads"].name
  role    = "roles/pubsub.publisher"
  member  = local.storage_agent

  depends_on = [time_sleep.agents]
}

resource "google_pubsub_topic_iam_member" "landmarks_publishes" {
  project = var.project_id
  topic   = google_pubsub_topic.work["prompts"].name
  role    = "roles/pubsub.publisher"
  member  = module.landmarks.member
}

resource "google_pubsub_topic_iam_member" "dead_letters" {
  for_each = local.hops

  project = var.project_id
  topic   = google_pubsub_topic.dead[each.key].name
  role    = "roles/pubsub.publisher"
  member  = local.pubsub_agent

  depends_on = [time_sleep.agents]
}

# Pub/Sub acknowledges messages that it has moved to the dead letters.
resource "google_pubsub_subscription_iam_member" "dead_letters" {
  for_each = local.hops

  project      = var.project_id
  subscription = google_pubsub_subscription.work[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub_agent

  depends_on = [time_sleep.agents]
}
