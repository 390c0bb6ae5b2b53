# What is counted, shown and warned of.

locals {
  services  = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"${var.prefix}-(landmarks|segmentation|drain|sam2|api)\")"
  log_scope = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^${var.prefix}-(landmarks|segmentation|drain|sam2|api)$\""

  log_metrics = {
    results = {
      description = "Uploads that came to their end, by state"
      filter      = "jsonPayload.message=\"finished\""
      labels      = { state = "EXTRACT(jsonPayload.state)" }
    }
    fallbacks = {
      description = "Faces and hands that SAM2 gave no mask of, by reason"
      filter      = "jsonPayload.message=\"fell back\""
      labels      = { reason = "EXTRACT(jsonPayload.reason)" }
    }
    failures = {
      description = "Deliveries that failed and come again, and requests to the API that failed"
      filter      = "jsonPayload.message=(\"delivery failed\" OR \"request failed\" OR \"unavailable\")"
      labels      = {}
    }
    dropped = {
      description = "Messages that are not from this pipeline, acknowledged unhandled"
      filter      = "jsonPayload.state=\"dropped\""
      labels      = {}
    }
  }
}

resource "google_logging_metric" "this" {
  for_each = local.log_metrics

  project     = var.project_id
  name        = "${var.prefix}/${each.key}"
  description = each.value.description
  filter      = "${local.log_scope} AND ${each.value.filter}"

  label_extractors = each.value.labels

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    dynamic "labels" {
      for_each = each.value.labels

      content {
        key        = labels.key
        value_type = "STRING"
      }
    }
  }

  depends_on = [google_project_service.apis]
}

# ---- alerts; docs/operations.md says what to do about each ----

locals {
  dead_subscriptions = [for subscription in google_pubsub_subscription.dead : subscription.name]
  work_subscriptions = [for subscription in google_pubsub_subscription.work : subscription.name]

  alerts = {
    dead-letters = {
      name      = "messages among the dead letters"
      says      = "Uploads failed after all retries; their result.json says why. The messages are kept for 31 days: mend the cause, then make redrive."
      filter    = "resource.type=\"pubsub_subscription\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.labels.subscription_id=one_of(\"${join("\",\"", local.dead_subscriptions)}\")"
      aligner   = "ALIGN_MAX"
      threshold = 0
      duration  = "0s"
      period    = "60s"
      reducer   = "REDUCE_SUM"
    }
    oldest-message = {
      name      = "a message waits too long"
      says      = "The functions do not keep up, or fail: look at their errors, and at max_instances."
      filter    = "resource.type=\"pubsub_subscription\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.labels.subscription_id=one_of(\"${join("\",\"", local.work_subscriptions)}\")"
      aligner   = "ALIGN_MAX"
      threshold = 3600
      duration  = "300s"
      period    = "60s"
      reducer   = "REDUCE_MAX"
    }
    dropped = {
      name      = "messages that are not from this pipeline"
      says      = "Somebody else publishes to the topics, or versions do not fit together: the log shows the message."
      filter    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["dropped"].name}\""
      aligner   = "ALIGN_SUM"
      threshold = 0
      duration  = "0s"
      period    = "300s"
      reducer   = "REDUCE_SUM"
    }
    errors = {
      name      = "many deliveries or requests fail"
      says      = "Most often SAM2 is down or refuses: the log says which, with what to do."
      filter    = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["failures"].name}\""
      aligner   = "ALIGN_RATE"
      threshold = 0.2
      duration  = "600s"
      period    = "300s"
      reducer   = "REDUCE_SUM"
    }
  }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  project               = var.project_id
  display_name          = "${var.prefix}: ${each.value.name}"
  combiner              = "OR"
  notification_channels = var.notification_channels

  documentation {
    content   = "${each.value.says}\n\nMore in docs/operations.md, section ${each.value.name}."
    mime_type = "text/markdown"
  }

  conditions {
    display_name = each.value.name

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = each.value.duration

      aggregations {
        alignment_period     = each.value.period
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
      }
    }
  }

  depends_on = [google_project_service.apis]
}

# Uploads come, and for half an hour nothing has come to an end.
resource "google_monitoring_alert_policy" "silence" {
  project               = var.project_id
  display_name          = "${var.prefix}: uploads, and no results"
  combiner              = "AND"
  notification_channels = var.notification_channels

  documentation {
    content   = "Uploads are announced, and none comes to its end. Look at the push subscriptions' errors and at the functions' logs."
    mime_type = "text/markdown"
  }

  conditions {
    display_name = "uploads come"

    condition_threshold {
      filter          = "resource.type=\"pubsub_topic\" AND metric.type=\"pubsub.googleapis.com/topic/send_message_operation_count\" AND resource.labels.topic_id=\"${google_pubsub_topic.work["uploads"].name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "1800s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  conditions {
    display_name = "nothing comes to its end"

    condition_threshold {
      filter                  = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["results"].name}\""
      comparison              = "COMPARISON_LT"
      threshold_value         = 1
      duration                = "0s"
      evaluation_missing_data = "EVALUATION_MISSING_DATA_ACTIVE"

      aggregations {
        alignment_period     = "1800s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  depends_on = [google_project_service.apis]
}

# ---- dashboard ----

locals {
  charts = {
    "Uploads" = {
      filter  = "metric.type=\"pubsub.googleapis.com/topic/send_message_operation_count\" resource.type=\"pubsub_topic\" resource.label.\"topic_id\"=\"${google_pubsub_topic.work["uploads"].name}\""
      aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = []
    }
    "Results by state" = {
      filter  = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["results"].name}\" resource.type=\"cloud_run_revision\""
      aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.\"state\""]
    }
    "Latency, 95th percentile, by service" = {
      filter  = "metric.type=\"run.googleapis.com/request_latencies\" ${local.services}"
      aligner = "ALIGN_PERCENTILE_95", reducer = "REDUCE_MAX", by = ["resource.label.\"service_name\""]
    }
    "Messages waiting, by subscription" = {
      filter  = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" resource.type=\"pubsub_subscription\" resource.label.\"subscription_id\"=monitoring.regex.full_match(\"${var.prefix}-(uploads|prompts)(-dead)?\")"
      aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["resource.label.\"subscription_id\""]
    }
    "Failed deliveries" = {
      filter  = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["failures"].name}\" resource.type=\"cloud_run_revision\""
      aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["resource.label.\"service_name\""]
    }
    "Without a mask of SAM2, by reason" = {
      filter  = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["fallbacks"].name}\" resource.type=\"cloud_run_revision\""
      aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.\"reason\""]
    }
    "Cost: CPU seconds a second, by service" = {
      filter  = "metric.type=\"run.googleapis.com/container/cpu/allocation_time\" ${local.services}"
      aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["resource.label.\"service_name\""]
    }
    "Cost: bytes in the buckets" = {
      filter  = "metric.type=\"storage.googleapis.com/storage/total_bytes\" resource.type=\"gcs_bucket\" resource.label.\"bucket_name\"=monitoring.regex.full_match(\"${var.prefix}-(input|output|source)-${var.project_id}\")"
      aligner = "ALIGN_MEAN", reducer = "REDUCE_SUM", by = ["resource.label.\"bucket_name\""]
    }
  }
}

resource "google_monitoring_dashboard" "this" {
  project = var.project_id

  dashboard_json = jsonencode({
    displayName = var.prefix
    gridLayout = {
      columns = "2"
      widgets = [for title, chart in local.charts : {
        title = title
        xyChart = {
          dataSets = [{
            plotType = "LINE"
            timeSeriesQuery = {
              timeSeriesFilter = {
                filter = chart.filter
                aggregation = {
                  alignmentPeriod    = "300s"
                  perSeriesAligner   = chart.aligner
                  crossSeriesReducer = chart.reducer
                  groupByFields      = chart.by
                }
              }
            }
          }]
        }
      }]
    }
  })

  depends_on = [google_project_service.apis]
}

# ---- budget ----

resource "google_billing_budget" "this" {
  count = var.budget == null ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "${var.prefix} in ${var.project_id}"

  budget_filter {
    projects = ["projects/${data.google_project.this.number}"]
  }

  amount {
    specified_amount {
      units = tostring(floor(var.budget.amount))
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1.0]

    content {
      threshold_percent = threshold_rules.value
    }
  }

  depends_on = [google_project_service.apis]
}
