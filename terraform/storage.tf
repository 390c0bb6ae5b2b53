# Buckets: input for uploads, output for results, source for the functions' zipped code.

locals {
  buckets = {
    input  = var.input_retention_days
    output = var.output_retention_days
  }
}

resource "google_storage_bucket" "data" {
  for_each = local.buckets

  # checkov:skip=CKV_GCP_62:Access logs of each object would cost more than the pipeline; Cloud Audit Logs can be enabled
  # checkov:skip=CKV_GCP_78:Soft delete keeps overwritten and deleted objects, and listings do not contain all versions
  name                        = local.bucket_names[each.key]
  project                     = var.project_id
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.deletion_protection

  soft_delete_policy {
    retention_duration_seconds = var.soft_delete_days * 24 * 60 * 60
  }

  dynamic "lifecycle_rule" {
    for_each = each.value == null ? [] : [each.value]

    content {
      action {
        type = "Delete"
      }
      condition {
        age = lifecycle_rule.value
      }
    }
  }

  # Records of messages that are not from this pipeline are kept as long as dead letters.
  dynamic "lifecycle_rule" {
    for_each = each.key == "output" ? [31] : []

    content {
      action {
        type = "Delete"
      }
      condition {
        age            = lifecycle_rule.value
        matches_prefix = [".toonmask/foreign/"]
      }
    }
  }

  dynamic "encryption" {
    for_each = var.kms_key == null ? [] : [var.kms_key]

    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [time_sleep.encryption]
}

resource "google_storage_bucket" "source" {
  # checkov:skip=CKV_GCP_62:The bucket contains only code of this repository
  # checkov:skip=CKV_GCP_78:The bucket contains only code of this repository; each version has its own name
  name                        = local.bucket_names["source"]
  project                     = var.project_id
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = true

  dynamic "encryption" {
    for_each = var.kms_key == null ? [] : [var.kms_key]

    content {
      default_kms_key_name = encryption.value
    }
  }

  depends_on = [time_sleep.encryption]
}

# Cloud Storage checks its permission to publish when the notification is created. The provider does
# not retry.
resource "time_sleep" "storage_publishes" {
  create_duration = local.iam_propagation
  triggers        = { grant = google_pubsub_topic_iam_member.storage_publishes.id }
}

resource "google_storage_notification" "uploads" {
  bucket         = google_storage_bucket.data["input"].name
  topic          = google_pubsub_topic.work["uploads"].id
  event_types    = ["OBJECT_FINALIZE"]
  payload_format = "JSON_API_V1"

  depends_on = [time_sleep.storage_publishes]
}

# Permissions on the buckets. modules/function creates the functions' accounts.

resource "google_storage_bucket_iam_member" "functions_read_input" {
  for_each = local.pipeline_functions

  bucket = google_storage_bucket.data["input"].name
  role   = "roles/storage.objectViewer"
  member = local.members[each.key]
}

# Results of newer uploads replace older ones, so a role that only creates objects is not enough.
resource "google_storage_bucket_iam_member" "functions_write_output" {
  for_each = local.pipeline_functions

  bucket = google_storage_bucket.data["output"].name
  role   = "roles/storage.objectUser"
  member = local.members[each.key]
}
