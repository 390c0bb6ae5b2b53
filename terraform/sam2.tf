# SAM2: your own server, Replicate, or functions/sam2, which is built and run here.

locals {
  sam2_service = one(google_cloud_run_v2_service.sam2[*])

  sam2_settings = {
    for name, value in {
      SAM2_PROVIDER = var.deploy_sam2 ? "toonmask" : var.sam2_provider
      SAM2_URL      = var.deploy_sam2 ? "${local.sam2_service.uri}/v1/segment" : var.sam2_url
      SAM2_AUTH     = var.deploy_sam2 ? "identity" : var.sam2_auth
      SAM2_AUDIENCE = var.deploy_sam2 ? local.sam2_service.uri : var.sam2_audience
      SAM2_DEADLINE = tostring(var.sam2_deadline)
    } : name => value if value != null
  }

  # A digest of all files in the image. If one changes, a new image is built.
  sam2_sources = sha256(join("", [
    for name in sort(concat(
      [for file in fileset(local.repository, "functions/sam2/{Dockerfile,bake.py,check.py,main.py,pyproject.toml,uv.lock,cloudbuild.yaml}") : file],
      local.shared_files["sam2"],
    )) : filesha256("${local.repository}/${name}")
  ]))
  sam2_tag = substr(sha256("${local.sam2_sources} ${local.sam2_device} ${local.sam2_model}"), 0, 12)
  sam2_image = coalesce(
    var.sam2.image,
    "${var.region}-docker.pkg.dev/${var.project_id}/${google_artifact_registry_repository.images.repository_id}/sam2:${local.sam2_tag}",
  )

  repository = "${path.module}/.."
}

# ---- keys and tokens ----

resource "google_secret_manager_secret" "keys" {
  for_each = local.keys

  secret_id = "${var.prefix}-${lower(replace(each.value, "_", "-"))}"
  project   = var.project_id

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = var.kms_key == null ? [] : [var.kms_key]

          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }

  depends_on = [time_sleep.encryption]
}

resource "google_secret_manager_secret_version" "keys" {
  for_each = local.keys

  secret                 = google_secret_manager_secret.keys[each.value].id
  secret_data_wo         = local.key_values[each.value]
  secret_data_wo_version = var.secret_version

  # The functions name a version, which must stay until they name the new one. With
  # create_before_destroy, Terraform would also create a secret before it destroys the one of the same
  # name, which Secret Manager refuses.
  deletion_policy = "ABANDON"

  lifecycle {
    precondition {
      condition     = contains(local.given_keys, each.value)
      error_message = "The secret ${each.value} has no value. Pass it at each apply: TF_VAR_${lower(each.value)}=…"
    }
  }
}

locals {
  secrets = {
    for name, version in google_secret_manager_secret_version.keys :
    name => { id = google_secret_manager_secret.keys[name].secret_id, version = version.version }
  }
}

# Functions that read secrets wait for this.
resource "time_sleep" "secret_grants" {
  create_duration = length(local.keys) == 0 ? "0s" : local.iam_propagation
  triggers = {
    grants = join(" ", concat(
      [for grant in google_secret_manager_secret_iam_member.segmentation_reads : grant.id],
      [for grant in google_secret_manager_secret_iam_member.api_reads : grant.id],
    ))
  }
}

resource "google_secret_manager_secret_iam_member" "segmentation_reads" {
  for_each = local.sam2_keys

  project   = var.project_id
  secret_id = google_secret_manager_secret.keys[each.value].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = module.segmentation.member
}

# ---- your own server ----

resource "google_cloud_run_v2_service_iam_member" "invokes_yours" {
  for_each = var.sam2_service == null ? toset([]) : local.sam2_callers

  project  = var.project_id
  location = coalesce(var.sam2_region, var.region)
  name     = var.sam2_service
  role     = "roles/run.invoker"
  member   = local.members[each.value]
}

# ---- functions/sam2 ----

check "region_has_l4s" {
  assert {
    condition     = !var.deploy_sam2 || !var.sam2.gpu || contains(local.l4_regions, var.region)
    error_message = "Cloud Run had no L4 GPUs in ${var.region} when this was written. Take one of ${join(", ", local.l4_regions)}; in us-central1 and europe-west1, new projects may also build images without asking. Or do without sam2.gpu: real SAM2 runs on CPUs too."
  }
}

resource "google_service_account" "sam2" {
  count = var.deploy_sam2 ? 1 : 0

  account_id   = "${var.prefix}-sam2"
  project      = var.project_id
  display_name = "Runs the SAM2 service"

  depends_on = [time_sleep.apis]
}

resource "google_project_iam_member" "sam2_writes_traces" {
  count = var.deploy_sam2 && var.traces ? 1 : 0

  project = var.project_id
  role    = "roles/telemetry.tracesWriter"
  member  = google_service_account.sam2[0].member
}

# The SAM2 service waits for this.
resource "time_sleep" "sam2_trace_grants" {
  create_duration = var.deploy_sam2 && var.traces ? local.iam_propagation : "0s"
  triggers        = { grants = join(" ", google_project_iam_member.sam2_writes_traces[*].id) }
}

# Starts Cloud Build. No resource of the provider does that.
resource "terraform_data" "sam2_image" {
  count = var.deploy_sam2 && var.sam2.image == null ? 1 : 0

  triggers_replace = [local.sam2_image, var.kms_key] # a new key makes a new repository, without images

  provisioner "local-exec" {
    working_dir = local.repository
    command     = "gcloud builds submit . --config=functions/sam2/cloudbuild.yaml --ignore-file=functions/sam2/.gcloudignore --project=$PROJECT --region=$REGION --service-account=$ACCOUNT --gcs-source-staging-dir=gs://$BUCKET/sam2 --substitutions=_IMAGE=$IMAGE,_DEVICE=$DEVICE,_MODEL=$MODEL"

    environment = {
      PROJECT = var.project_id
      REGION  = var.region
      ACCOUNT = google_service_account.build.id
      BUCKET  = google_storage_bucket.source.name
      IMAGE   = local.sam2_image
      DEVICE  = local.sam2_device
      MODEL   = local.sam2_model
    }
  }

  depends_on = [time_sleep.build_grants]
}

resource "google_cloud_run_v2_service" "sam2" {
  count = var.deploy_sam2 ? 1 : 0

  name                = "${var.prefix}-sam2"
  project             = var.project_id
  location            = var.region
  deletion_protection = false # it stores nothing, and Terraform must be able to replace it after a failed apply
  # A function's calls count as internal only over a VPC. IAM allows only the functions that call
  # SAM2.
  ingress = var.subnetwork == null ? "INGRESS_TRAFFIC_ALL" : "INGRESS_TRAFFIC_INTERNAL_ONLY"

  template {
    encryption_key  = var.kms_key
    service_account = google_service_account.sam2[0].email
    timeout         = "${var.sam2_deadline}s"
    # A GPU encodes the pictures of concurrent requests together. CPUs compute one request at a time,
    # while the other one is read or answered: with more, results take longer (docs/scale.md).
    max_instance_request_concurrency = var.sam2.gpu ? 16 : 2
    gpu_zonal_redundancy_disabled    = var.sam2.gpu ? true : null

    scaling {
      min_instance_count = var.sam2.min_instances
      max_instance_count = local.sam2_most
    }

    dynamic "node_selector" {
      for_each = var.sam2.gpu ? ["nvidia-l4"] : []

      content {
        accelerator = node_selector.value
      }
    }

    containers {
      image = local.sam2_image

      ports {
        container_port = 8080
      }

      # Without SAM2_DEVICE, a missing GPU would go unnoticed, and the CPUs would be used.
      dynamic "env" {
        for_each = merge(local.trace_settings, { SAM2_DEVICE = var.sam2.gpu ? "cuda" : "cpu" })

        content {
          name  = env.key
          value = env.value
        }
      }

      resources {
        limits            = merge(local.sam2_size, var.sam2.gpu ? { "nvidia.com/gpu" = "1" } : {})
        cpu_idle          = !var.sam2.gpu # Cloud Run requires instance-based billing for GPUs
        startup_cpu_boost = true
      }

      # The first probe starts to load the model. Requests are sent only after a successful probe.
      startup_probe {
        initial_delay_seconds = 0
        period_seconds        = 5
        timeout_seconds       = 4
        failure_threshold     = 48

        http_get {
          path = "/healthz"
        }
      }
    }
  }

  depends_on = [time_sleep.encryption, time_sleep.sam2_trace_grants, terraform_data.sam2_image]
}

resource "google_cloud_run_v2_service_iam_member" "invokes_ours" {
  for_each = var.deploy_sam2 ? local.sam2_callers : toset([])

  project  = var.project_id
  location = var.region
  name     = google_cloud_run_v2_service.sam2[0].name
  role     = "roles/run.invoker"
  member   = local.members[each.value]
}

# Functions that call SAM2 wait for this. A 403 is final: the fallback would make the masks.
resource "time_sleep" "sam2_grants" {
  create_duration = var.deploy_sam2 || var.sam2_service != null ? local.iam_propagation : "0s"
  triggers = {
    grants = join(" ", concat(
      [for grant in google_cloud_run_v2_service_iam_member.invokes_yours : grant.id],
      [for grant in google_cloud_run_v2_service_iam_member.invokes_ours : grant.id],
    ))
  }
}
