# The functions, the account that builds them, and their settings.

locals {
  settings = merge(var.settings, {
    INPUT_BUCKET  = google_storage_bucket.data["input"].name
    OUTPUT_BUCKET = google_storage_bucket.data["output"].name

    MAX_DELIVERY_ATTEMPTS = tostring(var.max_delivery_attempts)
  }, local.trace_settings)

  # Also those of the SAM2 service.
  trace_settings = merge(
    { TRACE_PROJECT = var.project_id },
    var.traces ? { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = "https://telemetry.googleapis.com/v1/traces" } : {},
  )

  # The files of each function, relative to the repository. `make docs` writes packages.json.
  shared_files = {
    for function, packages in jsondecode(file("${local.repository}/functions/packages.json")) :
    function => concat(
      ["shared/__init__.py", "shared/py.typed"],
      [for package in packages : [for file in fileset(local.repository, "shared/${package}/**/*.{py,base64}") : file]]...
    )
  }

  landmarks_environment = merge(local.settings, {
    PROMPTS_TOPIC = google_pubsub_topic.work["prompts"].id
    PUSH_ACCOUNT  = google_service_account.push["uploads"].email
    TARGETS       = join(",", sort(var.targets))
  })
  segmentation_environment = merge(local.settings, local.sam2_settings, { PUSH_ACCOUNT = google_service_account.push["prompts"].email })
  drain_environment        = merge(local.settings, { PUSH_ACCOUNT = google_service_account.push["drain"].email })

  # What all functions share.
  deployment = {
    prefix        = var.prefix
    project_id    = var.project_id
    region        = var.region
    kms_key       = var.kms_key
    source_bucket = google_storage_bucket.source.name
    build_account = google_service_account.build.id
    repository    = google_artifact_registry_repository.images.id
  }

  pipeline_functions = toset(["landmarks", "segmentation", "drain"])

  function = merge(
    { landmarks = module.landmarks, segmentation = module.segmentation, drain = module.drain },
    { for api in module.api[*] : "api" => api },
  )

  # The accounts of the functions. They exist before the functions, so grants need not wait for these.
  members = merge(
    { landmarks = module.landmarks.member, segmentation = module.segmentation.member, drain = module.drain.member },
    var.enable_api ? { api = module.api[0].member } : {}, # module.api[*] would wait for the function
  )
}

# Roles for traces can be granted only on a project. This one writes spans, and nothing else.
resource "google_project_iam_member" "functions_write_traces" {
  for_each = var.traces ? local.members : {}

  project = var.project_id
  role    = "roles/telemetry.tracesWriter"
  member  = each.value
}

# Functions wait for this. Without their roles, the first uploads would fail for minutes.
resource "time_sleep" "runtime_grants" {
  create_duration = local.iam_propagation
  triggers = {
    publishes = join(" ", concat(
      [google_pubsub_topic_iam_member.landmarks_publishes.id],
      [for grant in google_pubsub_topic_iam_member.api_publishes : grant.id],
    ))
    buckets = join(" ", concat(
      [for grant in google_storage_bucket_iam_member.functions_read_input : grant.id],
      [for grant in google_storage_bucket_iam_member.functions_write_output : grant.id],
      google_storage_bucket_iam_member.api_uploads[*].id,
      google_storage_bucket_iam_member.api_reads_output[*].id,
      google_storage_bucket_iam_member.api_writes_output[*].id,
      google_storage_bucket_iam_member.api_deletes_output[*].id,
    ))
    traces = join(" ", [for grant in google_project_iam_member.functions_write_traces : grant.id])
  }
}

# Each function has a module of its own. One module for all would make each function wait for
# everything that any of them needs, and Terraform would create none if the SAM2 service failed.

module "landmarks" {
  source = "./modules/function"

  name         = "landmarks"
  deployment   = local.deployment
  image        = lookup(var.images, "landmarks", null)
  size         = var.landmarks
  ingress      = "ALLOW_INTERNAL_ONLY"
  shared_files = local.shared_files["landmarks"]
  ready        = [time_sleep.build_grants.id, time_sleep.runtime_grants.id]
  environment  = local.landmarks_environment
}

module "segmentation" {
  source = "./modules/function"

  name         = "segmentation"
  deployment   = local.deployment
  image        = lookup(var.images, "segmentation", null)
  subnetwork   = var.subnetwork
  size         = var.segmentation
  ingress      = "ALLOW_INTERNAL_ONLY"
  shared_files = local.shared_files["segmentation"]
  ready        = [time_sleep.build_grants.id, time_sleep.runtime_grants.id, time_sleep.secret_grants.id, time_sleep.sam2_grants.id]
  secrets      = { for name in local.sam2_keys : name => local.secrets[name] }
  environment  = local.segmentation_environment
}

module "drain" {
  source = "./modules/function"

  name         = "drain"
  deployment   = local.deployment
  image        = lookup(var.images, "drain", null)
  size         = local.drain_size
  ingress      = "ALLOW_INTERNAL_ONLY"
  shared_files = local.shared_files["drain"]
  ready        = [time_sleep.build_grants.id, time_sleep.runtime_grants.id]
  environment  = local.drain_environment
}

resource "google_artifact_registry_repository" "images" {
  # checkov:skip=CKV_GCP_84:The images contain only code of this repository
  repository_id = var.prefix
  project       = var.project_id
  location      = var.region
  format        = "DOCKER"
  description   = "Images of ${var.prefix}'s functions and SAM2 service"
  kms_key_name  = var.kms_key

  # The API stays enabled when scan_images is taken back, and without this each new image would cost.
  vulnerability_scanning_config {
    enablement_config = var.scan_images ? "INHERITED" : "DISABLED"
  }

  cleanup_policies {
    id     = "keep-the-last-three"
    action = "KEEP"
    most_recent_versions {
      keep_count = 3
    }
  }

  cleanup_policies {
    id     = "delete-others-after-a-month"
    action = "DELETE"
    condition {
      older_than = "2592000s"
    }
  }

  depends_on = [time_sleep.encryption]
}

# ---- building ----

resource "google_service_account" "build" {
  account_id   = "${var.prefix}-build"
  project      = var.project_id
  display_name = "Builds ${var.prefix}'s functions and images"

  depends_on = [time_sleep.apis]
}

resource "google_storage_bucket_iam_member" "build_reads_source" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectAdmin" # Cloud Build stages the SAM2 image's source there too
  member = google_service_account.build.member
}

resource "google_artifact_registry_repository_iam_member" "build_pushes" {
  project    = var.project_id
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}

# Roles for logs can be granted only on a project.
resource "google_project_iam_member" "build_logs" {
  project = var.project_id
  role    = "roles/logging.logWriter"
  member  = google_service_account.build.member
}

# Cloud Functions copies the source to its own bucket, which it creates with the first function.
resource "google_project_iam_member" "build_reads_staged_source" {
  project = var.project_id
  role    = "roles/storage.objectViewer"
  member  = google_service_account.build.member

  condition {
    title       = "staged sources of functions"
    description = "Only the buckets that Cloud Functions stages sources in"
    expression  = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-${data.google_project.this.number}-\")"
  }
}

# Builds wait for this. An earlier build may not read its source, or not write its log or image.
resource "time_sleep" "build_grants" {
  create_duration = local.iam_propagation
  triggers = {
    pushes        = google_artifact_registry_repository_iam_member.build_pushes.id
    logs          = google_project_iam_member.build_logs.id
    staged_source = google_project_iam_member.build_reads_staged_source.id
    source        = google_storage_bucket_iam_member.build_reads_source.id
  }
}
