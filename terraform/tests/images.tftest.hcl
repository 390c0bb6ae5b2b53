# Functions from images: the same settings as from source, and what only they can have.

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
  images = {
    segmentation = "us-central1-docker.pkg.dev/a-project/toonmask/segmentation@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    api          = "us-central1-docker.pkg.dev/a-project/toonmask/api@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
  }

  # terraform test wants ephemeral variables set where it applies
  api_key             = ""
  replicate_api_token = ""
  sam2_api_key        = ""
}

run "some_functions_from_images" {
  command = apply

  assert {
    condition     = module.segmentation.service == "toonmask-segmentation-image" && module.landmarks.service == "toonmask-landmarks"
    error_message = "A service from an image has a name of its own; the other functions keep theirs."
  }

  assert {
    condition = (
      google_pubsub_subscription.work["prompts"].push_config[0].push_endpoint == module.segmentation.uri &&
      google_cloud_run_v2_service_iam_member.push_invokes["prompts"].name == "toonmask-segmentation-image" &&
      google_cloud_run_v2_service_iam_member.push_invokes["uploads"].name == "toonmask-landmarks"
    )
    error_message = "Prompts are pushed to the service, and their account may call it."
  }

  assert {
    condition     = can(regex("^${local.service_names}$", "toonmask-segmentation-image")) && can(regex("^${local.service_names}$", "toonmask-landmarks")) && strcontains(google_logging_metric.this["results"].filter, local.service_names)
    error_message = "Metrics, and so alerts and charts, count both kinds."
  }
}

run "a_public_api_without_a_grant_to_everybody" {
  command = plan

  variables {
    enable_api = true
    api        = { public = true, callers = ["group:team@example.com"] }
  }

  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.api_callers) == ["group:team@example.com"]
    error_message = "Its service checks no callers, so allUsers needs no role."
  }
}

run "identity_aware_proxy" {
  command = plan

  variables {
    enable_api = true
    api        = { iap = ["group:team@example.com"] }
  }

  assert {
    condition = (
      google_iap_web_cloud_run_service_iam_member.api_users["group:team@example.com"].role == "roles/iap.httpsResourceAccessor" &&
      google_cloud_run_v2_service_iam_member.iap_invokes[0].member == "serviceAccount:service-123456789012@gcp-sa-iap.iam.gserviceaccount.com" &&
      google_cloud_run_v2_service_iam_member.iap_invokes[0].role == "roles/run.invoker" &&
      length(google_cloud_run_v2_service_iam_member.api_callers) == 0
    )
    error_message = "The group may pass, and the proxy alone may call the service."
  }

  assert {
    condition     = contains(keys(google_project_service.apis), "iap.googleapis.com") && contains(keys(google_project_service_identity.agents), "iap.googleapis.com")
    error_message = "The API and its agent are there."
  }
}

run "no_proxy_without_the_api" {
  command = plan

  variables {
    api = { iap = ["group:team@example.com"] }
  }

  assert {
    condition     = !contains(keys(google_project_service.apis), "iap.googleapis.com") && length(google_iap_web_cloud_run_service_iam_member.api_users) == 0
    error_message = "Nothing is made that was not asked for."
  }
}

run "an_internal_sam2" {
  command = plan

  variables {
    deploy_sam2 = true
    enable_api  = true
    subnetwork  = "projects/a-project/regions/us-central1/subnetworks/run"
  }

  assert {
    condition     = google_cloud_run_v2_service.sam2[0].ingress == "INGRESS_TRAFFIC_INTERNAL_ONLY" && contains(keys(google_project_service.apis), "compute.googleapis.com")
    error_message = "SAM2 takes no traffic from outside."
  }
}

run "no_image_of_an_unknown_function" {
  command = plan
  variables {
    images = { sam2 = "us-central1-docker.pkg.dev/a-project/toonmask/sam2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }
  }
  expect_failures = [var.images]
}

run "no_image_without_a_digest" {
  command = plan
  variables {
    images = { api = "us-central1-docker.pkg.dev/a-project/toonmask/api:latest" }
  }
  expect_failures = [var.images]
}

run "no_subnetwork_for_a_function_from_source" {
  command = plan
  variables {
    images     = {}
    subnetwork = "projects/a-project/regions/us-central1/subnetworks/run"
  }
  expect_failures = [var.subnetwork]
}

run "no_subnetwork_of_another_region" {
  command = plan
  variables {
    subnetwork = "projects/a-project/regions/europe-west1/subnetworks/run"
  }
  expect_failures = [var.subnetwork]
}

run "no_proxy_before_a_function_from_source" {
  command = plan
  variables {
    enable_api = true
    images     = {}
    api        = { iap = ["group:team@example.com"] }
  }
  expect_failures = [var.api]
}

run "no_callers_beside_the_proxy" {
  command = plan
  variables {
    enable_api = true
    api        = { iap = ["group:team@example.com"], callers = ["group:team@example.com"] }
  }
  expect_failures = [var.api]
}
