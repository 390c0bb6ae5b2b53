# A function from zipped source: its folder, its part of `shared`, and its lock. Nothing else is in
# the zip, and changing any of it changes the zip's name, which deploys the function anew.

locals {
  root = "${path.module}/../../.."

  own = {
    for name in fileset("${local.root}/functions/${var.name}", "**") :
    name => "${local.root}/functions/${var.name}/${name}"
    if can(regex("^(main\\.py|pyproject\\.toml|uv\\.lock|page/.+)$", name))
  }

  shared = { for name in var.shared_files : name => "${local.root}/${name}" }

  # No more threads for OpenCV's and NumPy's loops than the function has processors, which is not
  # what the host has; and one heap for all threads, where glibc gives each its own and keeps what
  # large pictures leave behind: a fifth of the peak at 48 megapixels.
  processors = tostring(ceil(try(tonumber(var.size.cpu), 1)))
  threads = {
    OPENCV_FOR_THREADS_NUM = local.processors
    OMP_NUM_THREADS        = local.processors
    MALLOC_ARENA_MAX       = "1"
  }
}

data "archive_file" "source" {
  type             = "zip"
  output_path      = "${path.root}/.build/${var.deployment.prefix}-${var.name}.zip"
  output_file_mode = "0644"

  dynamic "source" {
    for_each = merge(local.own, local.shared)

    content {
      filename = source.key
      content  = file(source.value)
    }
  }
}

resource "google_storage_bucket_object" "source" {
  name   = "${var.name}-${data.archive_file.source.output_sha256}.zip"
  bucket = var.deployment.source_bucket
  source = data.archive_file.source.output_path
}

resource "google_service_account" "runtime" {
  account_id   = "${var.deployment.prefix}-${var.name}"
  project      = var.deployment.project_id
  display_name = "Runs the function ${var.name}"
}

# Not depends_on of the module, which would keep Terraform from looking at the code before it applies.
resource "terraform_data" "ready" {
  input = var.ready
}

resource "google_cloudfunctions2_function" "this" {
  # checkov:skip=CKV_GCP_124:Internal traffic alone, as which Pub/Sub's pushes count, but for the API
  name     = "${var.deployment.prefix}-${var.name}"
  project  = var.deployment.project_id
  location = var.deployment.region

  kms_key_name = var.deployment.kms_key

  build_config {
    runtime           = "python311" # MediaPipe's last line with models ends at 3.12
    entry_point       = var.name
    service_account   = var.deployment.build_account
    docker_repository = var.deployment.repository

    source {
      storage_source {
        bucket = var.deployment.source_bucket
        object = google_storage_bucket_object.source.name
      }
    }
  }

  service_config {
    available_cpu                    = var.size.cpu
    available_memory                 = var.size.memory
    max_instance_request_concurrency = var.size.concurrency
    min_instance_count               = var.size.min_instances
    max_instance_count               = var.size.max_instances
    timeout_seconds                  = var.size.timeout
    service_account_email            = google_service_account.runtime.email
    ingress_settings                 = var.ingress
    all_traffic_on_latest_revision   = true

    environment_variables = merge(var.environment, local.threads, {
      LOG_EXECUTION_ID = "true"
      THREADS          = tostring(var.size.concurrency)
    })

    dynamic "secret_environment_variables" {
      for_each = var.secrets

      content {
        key        = secret_environment_variables.key
        project_id = var.deployment.project_id
        secret     = secret_environment_variables.value.id
        version    = secret_environment_variables.value.version # "latest" would keep the old key in warm instances
      }
    }
  }

  depends_on = [terraform_data.ready]
}
