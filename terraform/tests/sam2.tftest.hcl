# Whose SAM2 is asked, and who may ask it.

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

run "by_url" {
  command = plan

  variables {
    sam2_url     = "https://sam2-abc.a.run.app/v1/segment"
    sam2_service = "sam2"
    sam2_region  = "europe-west4"
  }

  assert {
    condition     = local.sam2_settings["SAM2_URL"] == "https://sam2-abc.a.run.app/v1/segment" && local.sam2_settings["SAM2_AUTH"] == "identity"
    error_message = "The function is told where it is."
  }

  assert {
    condition = (
      google_cloud_run_v2_service_iam_member.invokes_yours["segmentation"].name == "sam2" &&
      google_cloud_run_v2_service_iam_member.invokes_yours["segmentation"].location == "europe-west4" &&
      google_cloud_run_v2_service_iam_member.invokes_yours["segmentation"].role == "roles/run.invoker"
    )
    error_message = "Segmentation may invoke exactly that service."
  }
}

run "with_a_key" {
  command = apply

  variables {
    sam2_url     = "https://sam2.example.com/v1/segment"
    sam2_auth    = "api-key"
    sam2_api_key = "never-in-the-state"
  }

  assert {
    condition     = google_secret_manager_secret.keys["SAM2_API_KEY"].secret_id == "toonmask-sam2-api-key"
    error_message = "The key is a secret."
  }

  assert {
    condition     = google_secret_manager_secret_version.keys["SAM2_API_KEY"].secret_data_wo == null
    error_message = "The key is not in the state."
  }

  assert {
    condition     = google_secret_manager_secret_version.keys["SAM2_API_KEY"].deletion_policy == "ABANDON"
    error_message = "A version stays until no function names it."
  }

  assert {
    condition     = google_secret_manager_secret_iam_member.segmentation_reads["SAM2_API_KEY"].role == "roles/secretmanager.secretAccessor"
    error_message = "Segmentation alone reads it."
  }

  assert {
    condition     = local.secrets["SAM2_API_KEY"].version == google_secret_manager_secret_version.keys["SAM2_API_KEY"].version
    error_message = "The function names the version, so a new key makes a new revision."
  }
}

run "without_its_key" {
  command = plan

  variables {
    sam2_url  = "https://sam2.example.com/v1/segment"
    sam2_auth = "api-key"
  }

  expect_failures = [google_secret_manager_secret_version.keys["SAM2_API_KEY"]]
}

run "replicate" {
  command = plan

  variables {
    sam2_provider       = "replicate"
    replicate_api_token = "never-in-the-state"
  }

  assert {
    condition     = local.sam2_settings["SAM2_PROVIDER"] == "replicate" && contains(keys(google_secret_manager_secret.keys), "REPLICATE_API_TOKEN")
    error_message = "Replicate's token is a secret."
  }
}

run "ours" {
  command = plan

  variables {
    deploy_sam2 = true
  }

  assert {
    condition = (
      length(google_cloud_run_v2_service.sam2[0].template[0].node_selector) == 0 &&
      google_cloud_run_v2_service.sam2[0].template[0].containers[0].resources[0].limits == tomap({ cpu = "2", memory = "4Gi" }) &&
      google_cloud_run_v2_service.sam2[0].template[0].containers[0].resources[0].cpu_idle &&
      google_cloud_run_v2_service.sam2[0].template[0].max_instance_request_concurrency == 2 &&
      google_cloud_run_v2_service.sam2[0].template[0].scaling[0].min_instance_count == 0 &&
      google_cloud_run_v2_service.sam2[0].template[0].scaling[0].max_instance_count == 4
    )
    error_message = "CPUs alone, which cost only while they compute."
  }

  assert {
    condition = (
      [local.sam2_device, local.sam2_model] == ["cpu", "facebook/sam2.1-hiera-tiny"] &&
      { for variable in google_cloud_run_v2_service.sam2[0].template[0].containers[0].env : variable.name => variable.value }["SAM2_DEVICE"] == "cpu"
    )
    error_message = "Real SAM2, of a size for CPUs."
  }

  assert {
    condition = (
      google_cloud_run_v2_service.sam2[0].template[0].containers[0].startup_probe[0].http_get[0].path == "/healthz" &&
      !google_cloud_run_v2_service.sam2[0].deletion_protection
    )
    error_message = "A probe that waits for the model, and no protection, for it keeps nothing."
  }

  assert {
    condition     = local.sam2_settings["SAM2_PROVIDER"] == "toonmask" && local.sam2_settings["SAM2_AUTH"] == "identity"
    error_message = "Our own service takes all prompts at once, from known callers."
  }

  assert {
    condition     = keys(google_cloud_run_v2_service_iam_member.invokes_ours) == ["segmentation"] && length(terraform_data.sam2_image) == 1
    error_message = "It is built, and segmentation may invoke it."
  }
}

run "ours_with_a_gpu" {
  command = plan

  variables {
    deploy_sam2 = true
    sam2        = { gpu = true }
  }

  assert {
    condition = (
      google_cloud_run_v2_service.sam2[0].template[0].node_selector[0].accelerator == "nvidia-l4" &&
      google_cloud_run_v2_service.sam2[0].template[0].containers[0].resources[0].limits == tomap({ cpu = "4", memory = "16Gi", "nvidia.com/gpu" = "1" }) &&
      !google_cloud_run_v2_service.sam2[0].template[0].containers[0].resources[0].cpu_idle &&
      google_cloud_run_v2_service.sam2[0].template[0].max_instance_request_concurrency == 16 &&
      google_cloud_run_v2_service.sam2[0].template[0].scaling[0].max_instance_count == 1
    )
    error_message = "An L4 with what it requires beside it."
  }

  assert {
    condition = (
      [local.sam2_device, local.sam2_model] == ["gpu", "facebook/sam2.1-hiera-large"] &&
      { for variable in google_cloud_run_v2_service.sam2[0].template[0].containers[0].env : variable.name => variable.value }["SAM2_DEVICE"] == "cuda"
    )
    error_message = "The largest SAM2, and no start without the GPU."
  }
}

run "a_model_with_its_commit" {
  command = plan

  variables {
    deploy_sam2 = true
    sam2        = { model = "someone/cartoons@0123456789abcdef0123456789abcdef01234567", max_instances = 2 }
  }

  assert {
    condition     = local.sam2_model == "someone/cartoons@0123456789abcdef0123456789abcdef01234567"
    error_message = "Any model can be named with its commit."
  }

  assert {
    condition     = google_cloud_run_v2_service.sam2[0].template[0].scaling[0].max_instance_count == 2
    error_message = "As many instances as are allowed."
  }
}

run "a_model_at_a_branch" {
  command = plan

  variables {
    deploy_sam2 = true
    sam2        = { model = "facebook/sam2.1-hiera-tiny@main" }
  }

  expect_failures = [var.sam2]
}

run "an_unknown_model_without_a_commit" {
  command = plan

  variables {
    deploy_sam2 = true
    sam2        = { model = "facebook/sam2.1-hiera-huge" }
  }

  expect_failures = [var.sam2]
}

run "more_instances_always_than_at_most" {
  command = plan

  variables {
    deploy_sam2 = true
    sam2        = { min_instances = 2, max_instances = 1 }
  }

  expect_failures = [var.sam2]
}

run "ours_from_an_image_that_is_there" {
  command = plan

  variables {
    deploy_sam2         = true
    deletion_protection = false
    sam2                = { image = "us-docker.pkg.dev/a-project/r/sam2:1" }
  }

  assert {
    condition = (
      google_cloud_run_v2_service.sam2[0].template[0].containers[0].image == "us-docker.pkg.dev/a-project/r/sam2:1" &&
      length(terraform_data.sam2_image) == 0
    )
    error_message = "Nothing to build."
  }
}
