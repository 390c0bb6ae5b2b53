# The functions, the account that builds them, and their settings.

locals {
  settings = merge(var.settings, {
    INPUT_BUCKET  = google_storage_bucket.data["input"].name
    OUTPUT_BUCKET = google_storage_bucket.data["output"].name

    MAX_DELIVERY_ATTEMPTS = tostring(var.max_delivery_attempts)
    TRACE_PROJECT         = var.project_id
  })

  functions = merge(local.pipeline, local.api)

  # The files of each function, relative to the repository. `make docs` writes packages.json.
  shared_files = {
    for function, packages in jsondecode(file("${local.repository}/functions/packages.json")) :
    function => concat(
      ["shared/__init__.py", "shared/py.typed"],
      [for package in packages : [for file in fileset(local.repository, "shared/${package}/**/*.py") : file]]...
    )
  }

  pipeline = {
    landmarks = {
      size    = var.landmarks
      ingress = "ALLOW_INTERNAL_ONLY"
      secrets = {}
      environment = merge(local.settings, {
        PROMPTS_TOPIC = google_pubsub_topic.work["prompts"].id
        PUSH_ACCOUNT  = google_service_account.push["uploads"].email
        TARGETS       = join(",", sort(var.targets))
      })
    }
    segmentation = {
      size        = var.segmentation
      ingress     = "ALLOW_INTERNAL_ONLY"
      secrets     = { for name in local.sam2_keys : name => google_secret_manager_secret.keys[name].secret_id }
      environment = merge(local.settings, local.sam2_settings, { PUSH_ACCOUNT = google_service_account.push["prompts"].email })
    }
    drain = {
      size        = { cpu = "1", memory = "512Mi", concurrency = 8, min_instances = 0, max_instances = 5, timeout = 60 }
      ingress     = "ALLOW_INTERNAL_ONLY"
      secrets     = {}
      environment = merge(local.settings, { PUSH_ACCOUNT = google_service_account.push["drain"].email })
    }
  }
}

module "function" {
  source   = "./modules/function"
  for_each = local.functions

  name          = each.key
  prefix        = var.prefix
  project_id    = var.project_id
  region        = var.region
  source_bucket = google_storage_bucket.source.name
  build_account = google_service_account.build.id
  repository    = google_artifact_registry_repository.images.id
  size          = each.value.size
  ingress       = each.value.ingress
  shared_files  = local.shared_files[each.key]
  environment   = each.value.environment
  secrets       = each.value.secrets

  # depends_on would make Terraform read the code only during apply, so plans would be incomplete.
  permissions = concat(
    [
      google_artifact_registry_repository_iam_member.build_pushes.id,
      google_project_iam_member.build_logs.id,
      google_project_iam_member.build_reads_staged_source.id,
      google_storage_bucket_iam_member.build_reads_source.id,
    ],
    [for version in google_secret_manager_secret_version.keys : version.id],
    [for grant in google_secret_manager_secret_iam_member.segmentation_reads : grant.id],
    [for grant in google_secret_manager_secret_iam_member.api_reads : grant.id],
  )
}

resource "google_artifact_registry_repository" "images" {
  # checkov:skip=CKV_GCP_84:The images contain only code of this repository
  repository_id = var.prefix
  project       = var.project_id
  location      = var.region
  format        = "DOCKER"
  description   = "Images of ${var.prefix}'s functions and SAM2 service"

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

  depends_on = [google_project_service.apis]
}

# ---- building ----

resource "google_service_account" "build" {
  account_id   = "${var.prefix}-build"
  project      = var.project_id
  display_name = "Builds ${var.prefix}'s functions and images"

  depends_on = [google_project_service.apis]
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
