# A function, from zipped source or from an image (service.tf). The zip contains only its folder, its
# part of `shared`, and its lock file. If one of these files changes, the zip's name changes, and the
# function is deployed again. tools/deployment/function_files.py packs the same files for images.

locals {
  root = "${path.module}/../../.."

  own = {
    for name in fileset("${local.root}/functions/${var.name}", "**") :
    name => "${local.root}/functions/${var.name}/${name}"
    if can(regex("^(main\\.py|pyproject\\.toml|uv\\.lock|page/.+)$", name))
  }

  shared = { for name in var.shared_files : name => "${local.root}/${name}" }

  # OpenCV and NumPy would start a thread for each processor of the host, but the function has fewer.
  # By default, glibc gives each thread its own heap, which keeps the memory of large images. One heap
  # for all threads saves a fifth of the peak memory at 48 megapixels.
  processors = tostring(ceil(try(tonumber(var.size.cpu), 1)))
  environment = merge(var.environment, {
    LOG_EXECUTION_ID       = "true"
    MALLOC_ARENA_MAX       = "1"
    OMP_NUM_THREADS        = local.processors
    OPENCV_FOR_THREADS_NUM = local.processors
    THREADS                = tostring(var.size.concurrency)
  })
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
  count = var.image == null ? 1 : 0

  name   = "${var.name}-${data.archive_file.source.output_sha256}.zip"
  bucket = var.deployment.source_bucket
  source = data.archive_file.source.output_path
}

resource "google_service_account" "runtime" {
  account_id   = "${var.deployment.prefix}-${var.name}"
  project      = var.deployment.project_id
  display_name = "Runs the function ${var.name}"
}

# A depends_on of the module would make Terraform read the code only during apply, so plans would be
# incomplete.
resource "terraform_data" "ready" {
  input = var.ready
}

resource "google_cloudfunctions2_function" "this" {
  # checkov:skip=CKV_GCP_124:Only the API accepts external traffic; Pub/Sub's pushes count as internal
  count = var.image == null ? 1 : 0

  name     = "${var.deployment.prefix}-${var.name}"
  project  = var.deployment.project_id
  location = var.deployment.region

  kms_key_name = var.deployment.kms_key

  build_config {
    runtime           = "python311" # MediaPipe 0.10.21, the last version with the needed models, supports up to 3.12
    entry_point       = var.name
    service_account   = var.deployment.build_account
    docker_repository = var.deployment.repository

    source {
      storage_source {
        bucket = var.deployment.source_bucket
        object = google_storage_bucket_object.source[0].name
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
    environment_variables            = local.environment

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
