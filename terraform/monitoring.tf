# Metrics from logs, the dashboard, and the budget.

locals {
  # A function from an image has another name. Both stay in the metrics, so a switch leaves no gap.
  service_names = "${var.prefix}-((landmarks|segmentation|drain|api)(-image)?|sam2)"
  services      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"${local.service_names}\")"
  log_scope     = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^${local.service_names}$\""

  log_metrics = {
    results = {
      description = "Processed uploads, by state"
      filter      = "jsonPayload.message=\"finished\""
      labels      = { state = "EXTRACT(jsonPayload.state)" }
    }
    fallbacks = {
      description = "Faces and hands without a mask from SAM2, by reason"
      filter      = "jsonPayload.message=\"fell back\""
      labels      = { reason = "EXTRACT(jsonPayload.reason)" }
    }
    failures = {
      description = "Failed deliveries, which are retried, and failed requests to the API"
      filter      = "jsonPayload.message=(\"delivery failed\" OR \"request failed\" OR \"unavailable\")"
      labels      = {}
    }
    dropped = {
      description = "Messages that are not from this pipeline, acknowledged without processing"
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

  depends_on = [time_sleep.apis]
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
    "Waiting messages, by subscription" = {
      filter  = "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" resource.type=\"pubsub_subscription\" resource.label.\"subscription_id\"=monitoring.regex.full_match(\"${var.prefix}-(uploads|prompts)(-dead)?\")"
      aligner = "ALIGN_MAX", reducer = "REDUCE_SUM", by = ["resource.label.\"subscription_id\""]
    }
    "Failed deliveries" = {
      filter  = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["failures"].name}\" resource.type=\"cloud_run_revision\""
      aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["resource.label.\"service_name\""]
    }
    "Masks that SAM2 did not make, by reason" = {
      filter  = "metric.type=\"logging.googleapis.com/user/${google_logging_metric.this["fallbacks"].name}\" resource.type=\"cloud_run_revision\""
      aligner = "ALIGN_RATE", reducer = "REDUCE_SUM", by = ["metric.label.\"reason\""]
    }
    "Cost: CPU seconds per second, by service" = {
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

  depends_on = [time_sleep.apis]
}

# ---- budget ----

resource "google_billing_budget" "this" {
  count    = var.budget == null ? 0 : 1
  provider = google.billing

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

  depends_on = [time_sleep.apis]
}
