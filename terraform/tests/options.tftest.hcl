# Keys of one's own, budgets, and values that are refused with a reason.

mock_provider "google" {
  source = "./tests/mocks"
}

mock_provider "google" {
  alias  = "billing"
  source = "./tests/mocks"
}

mock_provider "google-beta" {}

mock_provider "time" {}

variables {
  project_id = "a-project"

  # terraform test wants ephemeral variables set where it applies
  api_key             = ""
  replicate_api_token = ""
  sam2_api_key        = ""
}

run "traces" {
  command = plan

  variables {
    traces      = true
    enable_api  = true
    deploy_sam2 = true
  }

  assert {
    condition     = contains(local.apis, "telemetry.googleapis.com") && contains(local.apis, "cloudtrace.googleapis.com")
    error_message = "Both APIs are enabled."
  }

  assert {
    condition     = keys(google_project_iam_member.functions_write_traces) == ["api", "drain", "landmarks", "segmentation"]
    error_message = "Each function may write spans."
  }

  assert {
    condition     = alltrue([for grant in concat(values(google_project_iam_member.functions_write_traces), google_project_iam_member.sam2_writes_traces) : grant.role == "roles/telemetry.tracesWriter"])
    error_message = "The role writes spans, and nothing else."
  }

  assert {
    condition = alltrue([
      for environment in [local.landmarks_environment, local.segmentation_environment, local.drain_environment, local.api_environment, { for variable in google_cloud_run_v2_service.sam2[0].template[0].containers[0].env : variable.name => variable.value }] :
      environment["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] == "https://telemetry.googleapis.com/v1/traces" && environment["TRACE_PROJECT"] == "a-project"
    ])
    error_message = "All of them are told where spans go."
  }
}

run "no_traces" {
  command = plan

  variables {
    deploy_sam2 = true
  }

  assert {
    condition     = !contains(local.apis, "telemetry.googleapis.com") && length(google_project_iam_member.functions_write_traces) == 0 && length(google_project_iam_member.sam2_writes_traces) == 0
    error_message = "Without traces, nobody may write spans."
  }

  assert {
    condition     = !contains(keys(local.settings), "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    error_message = "Without traces, no function records spans."
  }
}

run "cmek" {
  command = plan

  variables {
    kms_key      = "projects/a-project/locations/us-central1/keyRings/r/cryptoKeys/k"
    sam2_url     = "https://sam2.example.com/v1/segment"
    sam2_auth    = "api-key"
    sam2_api_key = "k"
  }

  assert {
    condition = alltrue(concat(
      [for bucket in google_storage_bucket.data : bucket.encryption[0].default_kms_key_name == var.kms_key],
      [for topic in google_pubsub_topic.work : topic.kms_key_name == var.kms_key],
      [for topic in google_pubsub_topic.dead : topic.kms_key_name == var.kms_key],
      [google_artifact_registry_repository.images.kms_key_name == var.kms_key],
      [for secret in google_secret_manager_secret.keys : secret.replication[0].user_managed[0].replicas[0].customer_managed_encryption[0].kms_key_name == var.kms_key],
    ))
    error_message = "Buckets, topics, images and secrets are encrypted with the key."
  }

  assert {
    condition     = keys(google_kms_crypto_key_iam_member.agents) == ["functions", "images", "pubsub", "run", "secrets", "storage"]
    error_message = "The agents of all services that encrypt may use it."
  }

  assert {
    condition     = toset(keys(google_project_service_identity.agents)) == toset(["artifactregistry.googleapis.com", "cloudfunctions.googleapis.com", "pubsub.googleapis.com", "run.googleapis.com", "secretmanager.googleapis.com"])
    error_message = "The agents exist before anything is granted to them."
  }
}

run "no_image_is_scanned_unless_asked_for" {
  command = plan

  assert {
    condition     = google_artifact_registry_repository.images.vulnerability_scanning_config[0].enablement_config == "DISABLED" && !contains(keys(google_project_service.apis), "containerscanning.googleapis.com")
    error_message = "A scan costs money, also where somebody else has enabled the API."
  }
}

run "images_are_scanned" {
  command = plan

  variables {
    scan_images = true
  }

  assert {
    condition     = google_artifact_registry_repository.images.vulnerability_scanning_config[0].enablement_config == "INHERITED" && contains(keys(google_project_service.apis), "containerscanning.googleapis.com")
    error_message = "The repository does as the API, which is enabled."
  }
}

run "cmek_without_secrets" {
  command = plan

  variables {
    kms_key = "projects/a-project/locations/us-central1/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition     = !contains(keys(google_kms_crypto_key_iam_member.agents), "secrets") && !contains(keys(google_project_service_identity.agents), "secretmanager.googleapis.com")
    error_message = "Without a secret, Secret Manager's agent is not needed."
  }
}

run "everything_fits_a_new_projects_quota" {
  command = plan

  variables {
    deploy_sam2 = true
    enable_api  = true
  }

  assert {
    condition     = local.most_memory_gib == 37 && local.most_cpus == 20
    error_message = "The defaults fit into 40 GiB and 20 CPUs together."
  }
}

run "everything_with_a_gpu_fits_a_new_projects_quota" {
  command = plan

  variables {
    deploy_sam2 = true
    enable_api  = true
    sam2        = { gpu = true }
  }

  assert {
    condition     = local.most_memory_gib == 37 && local.most_cpus == 16
    error_message = "A GPU comes with 4 CPUs and 16 GiB."
  }
}

run "one_more_sam2_than_a_new_projects_quota" {
  command = plan

  variables {
    deploy_sam2 = true
    enable_api  = true
    sam2        = { max_instances = 5 }
  }

  expect_failures = [var.quota]
}

run "more_instances_than_the_quota" {
  command = plan

  variables {
    landmarks = { max_instances = 20 }
  }

  expect_failures = [var.quota]
}

run "more_instances_with_a_raised_quota" {
  command = plan

  variables {
    landmarks = { max_instances = 100, memory = "2048Mi" }
    quota     = { memory_gib = 400, cpus = 200 }
  }

  assert {
    condition     = local.most_memory_gib == 207
    error_message = "Memory in MiB counts as well."
  }
}

run "a_region_without_l4s" {
  command = plan

  variables {
    deploy_sam2 = true
    region      = "europe-west9"
    sam2        = { gpu = true }
  }

  expect_failures = [check.region_has_l4s]
}

run "alerts_on_metrics_of_the_same_apply" {
  command = plan

  assert {
    condition     = alltrue([for name in keys(local.query_alerts) : google_monitoring_alert_policy.this[name].conditions[0].condition_prometheus_query_language[0].disable_metric_validation])
    error_message = "Log-based metrics of the same apply do not exist yet."
  }

  assert {
    condition     = strcontains(google_monitoring_alert_policy.this["silence"].conditions[0].condition_prometheus_query_language[0].query, "logging_googleapis_com:user_toonmask_results{")
    error_message = "PromQL names the log-based metric."
  }

  assert {
    condition     = strcontains(google_monitoring_alert_policy.this["failing-fast"].conditions[0].condition_prometheus_query_language[0].query, "user_toonmask_results{monitored_resource=\"cloud_run_revision\",state=\"failed\"}[1h]") && strcontains(google_monitoring_alert_policy.this["failing-fast"].conditions[0].condition_prometheus_query_language[0].query, "> 0.072)")
    error_message = "The burn rate compares failed uploads with all."
  }
}

run "budget_and_retention" {
  command = plan

  variables {
    notification_email   = "on-call@example.com"
    budget               = { billing_account = "012345-ABCDEF-012345", amount = 50 }
    input_retention_days = 30
    deletion_protection  = false
  }

  assert {
    condition     = google_billing_budget.this[0].amount[0].specified_amount[0].units == "50" && length(google_billing_budget.this[0].threshold_rules) == 3
    error_message = "The budget warns three times."
  }

  assert {
    condition     = google_monitoring_notification_channel.email[0].labels["email_address"] == "on-call@example.com" && length(local.notification_channels) == 1
    error_message = "Alerts go to the e-mail address."
  }

  assert {
    condition     = one(one(google_storage_bucket.data["input"].lifecycle_rule).condition).age == 30 && one(one(google_storage_bucket.data["output"].lifecycle_rule).condition).matches_prefix == tolist([".toonmask/foreign/"])
    error_message = "Uploads go after a month, results stay."
  }
}

run "a_projects_name_is_no_id" {
  command = plan
  variables {
    project_id = "My Project"
  }
  expect_failures = [var.project_id]
}

run "a_zone_is_no_region" {
  command = plan
  variables {
    region = "us-central1-a"
  }
  expect_failures = [var.region]
}

run "a_prefix_fits_into_accounts_names" {
  command = plan
  variables {
    prefix = "a-prefix-that-is-too-long"
  }
  expect_failures = [var.prefix]
}

run "targets_are_known" {
  command = plan
  variables {
    targets = ["feet"]
  }
  expect_failures = [var.targets]
}

run "wiring_is_not_a_setting" {
  command = plan
  variables {
    settings = { OUTPUT_BUCKET = "another" }
  }
  expect_failures = [var.settings]
}

run "no_time_out_beyond_the_acknowledgement" {
  command = plan
  variables {
    segmentation = { timeout = 900 }
  }
  expect_failures = [var.segmentation]
}

run "sam2_answers_before_the_function_ends" {
  command = plan
  variables {
    sam2_deadline = 540
  }
  expect_failures = [var.sam2_deadline]
}

run "images_travel_encrypted" {
  command = plan
  variables {
    sam2_url = "http://sam2.example.com"
  }
  expect_failures = [var.sam2_url]
}

run "no_password_in_an_address" {
  command = plan
  variables {
    sam2_url = "https://user:password@sam2.example.com"
  }
  expect_failures = [var.sam2_url]
}

run "yours_or_ours" {
  command = plan
  variables {
    sam2_url    = "https://sam2.example.com"
    deploy_sam2 = true
  }
  expect_failures = [var.sam2_url]
}

run "a_service_has_an_address" {
  command = plan
  variables {
    sam2_service = "sam2"
  }
  expect_failures = [var.sam2_service]
}

run "a_budget_names_its_account" {
  command = plan
  variables {
    budget = { billing_account = "mine", amount = 5 }
  }
  expect_failures = [var.budget]
}
