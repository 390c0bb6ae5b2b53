# The HTTP API: deployed where it is asked for, open to those who are named.

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
  enable_api = true

  # terraform test wants ephemeral variables set where it applies
  api_key             = ""
  replicate_api_token = ""
  sam2_api_key        = ""
}

run "for_nobody" {
  command = apply

  assert {
    condition     = length(google_cloud_run_v2_service_iam_member.api_callers) == 0
    error_message = "Without callers nobody may call."
  }

  assert {
    condition     = output.page == module.api[0].uri
    error_message = "The outputs say where the page is."
  }

  assert {
    condition = (
      google_storage_bucket_iam_member.api_uploads[0].bucket == "toonmask-input-a-project" &&
      google_storage_bucket_iam_member.api_reads_output[0].role == "roles/storage.objectViewer" &&
      !contains(keys(google_storage_bucket_iam_member.functions_write_output), "api")
    )
    error_message = "It uploads into the input bucket and reads the output bucket."
  }

  assert {
    condition = (
      google_storage_bucket_iam_member.api_writes_output[0].bucket == "toonmask-output-a-project" &&
      strcontains(google_storage_bucket_iam_member.api_writes_output[0].condition[0].expression, "/prompts.json") &&
      google_pubsub_topic_iam_member.api_publishes["prompts"].topic == "toonmask-prompts" &&
      local.api_environment["PROMPTS_TOPIC"] == google_pubsub_topic.work["prompts"].id
    )
    error_message = "It writes corrections of prompts, marks results, and publishes the corrections."
  }

  assert {
    condition = (
      google_pubsub_topic_iam_member.api_publishes["uploads"].topic == google_pubsub_topic.work["uploads"].name &&
      local.api_environment["UPLOADS_TOPIC"] == google_storage_notification.uploads.topic
    )
    error_message = "It processes uploads again through the topic of their notifications."
  }

  assert {
    condition     = length(google_storage_bucket_iam_member.api_deletes_output) == 0 && local.api_environment["CAN_DELETE"] == "false"
    error_message = "It deletes nothing unless it is told to."
  }
}

run "for_some" {
  command = plan

  variables {
    api          = { callers = ["group:team@example.com"], wants_key = true, cors_origins = ["https://example.com"] }
    api_key      = "never-in-the-state"
    sam2_url     = "https://sam2.example.com/v1/segment"
    sam2_auth    = "api-key"
    sam2_api_key = "never-in-the-state"
    settings     = { MAX_BYTES = "1000" }
  }

  assert {
    condition = (
      keys(google_cloud_run_v2_service_iam_member.api_callers) == ["group:team@example.com"] &&
      google_cloud_run_v2_service_iam_member.api_callers["group:team@example.com"].role == "roles/run.invoker"
    )
    error_message = "The group may call, and nobody else."
  }

  assert {
    condition     = google_secret_manager_secret.keys["API_KEY"].secret_id == "toonmask-api-key" && google_secret_manager_secret_version.keys["API_KEY"].secret_data_wo == null
    error_message = "The key is a secret, and not in the state."
  }

  assert {
    condition     = keys(google_secret_manager_secret_iam_member.api_reads) == ["API_KEY", "SAM2_API_KEY"] && keys(google_secret_manager_secret_iam_member.segmentation_reads) == ["SAM2_API_KEY"]
    error_message = "The API reads its own key and SAM2's, segmentation SAM2's alone."
  }

  assert {
    condition     = local.api_environment["CORS_ORIGINS"] == "https://example.com" && local.api_environment["SAM2_DEADLINE"] == "90" && local.api_environment["MAX_UPLOAD"] == "1000"
    error_message = "Its settings reach it, uploads are as large as the pipeline takes, and SAM2's deadline ends before its time-out."
  }
}

run "for_everybody" {
  command = plan

  variables {
    api          = { public = true }
    deploy_sam2  = true
    api_key      = null
    sam2_api_key = null
  }

  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.api_callers) == ["allUsers"]
    error_message = "Public where public is asked for."
  }

  assert {
    condition     = toset(keys(google_cloud_run_v2_service_iam_member.invokes_ours)) == toset(["api", "segmentation"])
    error_message = "Both ask our SAM2 service."
  }
}

run "with_deletion" {
  command = plan

  variables {
    api = { can_delete = true }
  }

  assert {
    condition = (
      google_storage_bucket_iam_member.api_deletes_output[0].bucket == "toonmask-output-a-project" &&
      google_storage_bucket_iam_member.api_deletes_output[0].role == "roles/storage.objectUser" &&
      local.api_environment["CAN_DELETE"] == "true"
    )
    error_message = "It may delete results where that is asked for."
  }
}

run "everybody_is_no_caller" {
  command = plan
  variables {
    api = { callers = ["allUsers"] }
  }
  expect_failures = [var.api]
}

run "origins_have_no_path" {
  command = plan
  variables {
    api = { cors_origins = ["https://example.com/page"] }
  }
  expect_failures = [var.api]
}

run "origins_have_no_wildcard" {
  command = plan
  variables {
    api = { cors_origins = ["https://*.example.com"] }
  }
  expect_failures = [var.api]
}
