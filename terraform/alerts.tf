# Alerts. docs/operations.md describes what to do for each.

resource "google_monitoring_notification_channel" "email" {
  count = var.notification_email == null ? 0 : 1

  project      = var.project_id
  display_name = "${var.prefix}: ${var.notification_email}"
  type         = "email"
  labels       = { email_address = var.notification_email }
  force_delete = true # policies are updated after the channel is deleted

  depends_on = [time_sleep.apis]
}

locals {
  notification_channels = concat(var.notification_channels, google_monitoring_notification_channel.email[*].id)

  dead_subscriptions = [for subscription in google_pubsub_subscription.dead : subscription.name]
  work_subscriptions = [for subscription in google_pubsub_subscription.work : subscription.name]

  oldest_message = "resource.type=\"pubsub_subscription\" AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.labels.subscription_id=one_of(\"${join("\",\"", local.work_subscriptions)}\")"

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
    late-results = {
      name      = "results are late"
      text      = "Messages wait for more than five minutes. Check the functions' max_instances and errors, and SAM2's."
      filter    = local.oldest_message
      aligner   = "ALIGN_MAX"
      threshold = 300
      duration  = "900s"
      period    = "60s"
      reducer   = "REDUCE_MAX"
    }
    oldest-message = {
      name      = "a message waits too long"
      text      = "The functions are too slow, or they fail. Check their errors, and max_instances."
      filter    = local.oldest_message
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
      text     = "At this rate, two days use up the failures that a month may have. The result.json of the uploads has the reason."
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
  for_each = merge(local.alerts, local.query_alerts)

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

    dynamic "condition_threshold" {
      for_each = contains(keys(local.alerts), each.key) ? [local.alerts[each.key]] : []
      iterator = alert

      content {
        filter          = alert.value.filter
        comparison      = "COMPARISON_GT"
        threshold_value = alert.value.threshold
        duration        = alert.value.duration

        aggregations {
          alignment_period     = alert.value.period
          per_series_aligner   = alert.value.aligner
          cross_series_reducer = alert.value.reducer
        }
      }
    }

    dynamic "condition_prometheus_query_language" {
      for_each = contains(keys(local.query_alerts), each.key) ? [local.query_alerts[each.key]] : []
      iterator = alert

      content {
        query                     = alert.value.query
        duration                  = alert.value.duration
        evaluation_interval       = "60s"
        disable_metric_validation = true
      }
    }
  }

  depends_on = [time_sleep.apis]
}
