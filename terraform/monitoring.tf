# Metrics from logs, alerts, the dashboard and the budget.

locals {
  services  = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=monitoring.regex.full_match(\"${var.prefix}-(landmarks|segmentation|drain|sam2|api)\")"
  log_scope = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=~\"^${var.prefix}-(landmarks|segmentation|drain|sam2|api)$\""

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

# ---- alerts; docs/operations.md describes what to do for each ----

resource "google_monitoring_notification_channel" "email" {
  count = var.notification_email == null ? 0 : 1

  project      = var.project_id
  display_name = "${var.prefix}: ${var.notification_email}"
  type         = "email"
  labels       = { email_address = var.notification_email }

  depends_on = [time_sleep.apis]
}

locals {
  notification_channels = concat(var.notification_channels, google_monitoring_notification_channel.email[*].id)

  dead_subscriptions = [for subscription in google_pubsub_subscription.dead : subscription.name]
  work_subscriptions = [for subscription in google_pubsub_subscription.work : subscription.name]

  alerts = {
    dead-letters = {
      name      = "messages among the dead letters"
      text      = "Uploads failed after all retries; their result.json says why. The messages are kept for 31 days: fix the cause, then run `make redrive`."
      filter    = "resource.type=\"pubsub_subscription\" AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.labels.subscription_id=one_of(\"${join("\",\"", local.dead_subscriptions)}\")"
      aligner   = "ALIGN_MAX"
      threshold = 0
      duration  = "0s"
      period    = "60s"
      reducer   = "REDUCE_SUM"
    }
    oldest-message = {
      name      = "a message waits too long"
      text      = "The functions are too slow, or they fail. Check their errors, and max_instances."
      filter    = "resource.type=\"pubsub_subscription\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.labels.subscription_id=one_of(\"${join("\",\"", local.work_subscriptions)}\")"
      aligner   = "ALIGN_MAX"
      threshold = 3600
      duration  = "300s"
      period    = "60s"
      reducer   = "REDUCE_MAX"
    }
  }

  # Cloud Monitoring accepts a threshold on a metric only if the metric exists, up to ten minutes
  # after its log-based metric was created. Queries may name metrics that do not exist yet. In PromQL,
  # the first slash of a metric's name is a colon, other special characters are underscores:
  # https://cloud.google.com/monitoring/promql/promql-mapping
  promql = {
    for name, metric in google_logging_metric.this :
    name => "logging_googleapis_com:user_${replace(metric.name, "/[^a-zA-Z0-9]/", "_")}{monitored_resource=\"cloud_run_revision\"}"
  }
  promql_failed  = replace(local.promql["results"], "}", ",state=\"failed\"}")
  promql_uploads = "pubsub_googleapis_com:topic_send_message_operation_count{monitored_resource=\"pubsub_topic\",topic_id=\"${google_pubsub_topic.work["uploads"].name}\"}"

  # The objective: 99.5% of the uploads do not end as failed, over 30 days. The alerts compare how fast
  # the other 0.5% are used up, over a long window and, to end in time, over a short one:
  # https://sre.google/workbook/alerting-on-slos/ (multiwindow, multi-burn-rate alerts)
  failed_budget = 0.005
  failed_share = {
    for window in ["5m", "30m", "1h", "6h"] :
    window => "sum(rate(${local.promql_failed}[${window}])) / sum(rate(${local.promql["results"]}[${window}]))"
  }

  query_alerts = {
    failing-fast = {
      name     = "many uploads fail"
      text     = "At this rate, a day or two use up the failures that a month may have. The result.json of the uploads has the reason."
      query    = "(${local.failed_share["1h"]} > ${14.4 * local.failed_budget}) and (${local.failed_share["5m"]} > ${14.4 * local.failed_budget})"
      duration = "0s"
    }
    failing-slowly = {
      name     = "uploads fail again and again"
      text     = "At this rate, five days use up the failures that a month may have. The result.json of the uploads has the reason."
      query    = "(${local.failed_share["6h"]} > ${6 * local.failed_budget}) and (${local.failed_share["30m"]} > ${6 * local.failed_budget})"
      duration = "0s"
    }
    dropped = {
      name     = "messages that are not from this pipeline"
      text     = "Another program publishes to the topics. The log has the message."
      query    = "sum(increase(${local.promql["dropped"]}[5m])) > 0"
      duration = "0s"
    }
    errors = {
      name     = "many deliveries or requests fail"
      text     = "The most common cause is SAM2: it is not available, or it refuses requests. The log has the error and the advice."
      query    = "sum(rate(${local.promql["failures"]}[5m])) > 0.2"
      duration = "600s"
    }
    silence = {
      name     = "uploads, and no results"
      text     = "There are uploads, but no results. Check the errors of the push subscriptions and the functions' logs."
      query    = "(sum(increase(${local.promql_uploads}[30m])) > 0) unless (sum(increase(${local.promql["results"]}[30m])) > 0)"
      duration = "900s"
    }
  }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  project               = var.project_id
  display_name          = "${var.prefix}: ${each.value.name}"
  combiner              = "OR"
  notification_channels = local.notification_channels

  documentation {
    content   = "${each.value.text}\n\nMore in docs/operations.md, section ${each.value.name}."
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

  depends_on = [time_sleep.apis]
}

resource "google_monitoring_alert_policy" "query" {
  for_each = local.query_alerts

  project               = var.project_id
  display_name          = "${var.prefix}: ${each.value.name}"
  combiner              = "OR"
  notification_channels = local.notification_channels

  documentation {
    content   = "${each.value.text}\n\nMore in docs/operations.md, section ${each.value.name}."
    mime_type = "text/markdown"
  }

  conditions {
    display_name = each.value.name

    condition_prometheus_query_language {
      query                     = each.value.query
      duration                  = each.value.duration
      evaluation_interval       = "60s"
      disable_metric_validation = true
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
