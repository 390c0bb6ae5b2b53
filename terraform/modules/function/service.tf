# The same function from an image, as a Cloud Run service. Cloud Functions accepts no image, and its
# resource knows no Direct VPC egress, no disabled invoker check and no IAP.

resource "google_cloud_run_v2_service" "this" {
  provider = google-beta # google knows no iap_enabled: https://registry.terraform.io/providers/hashicorp/google-beta/6.50.0/docs/resources/google_cloud_run_v2_service
  count    = var.image == null ? 0 : 1

  # Not the name of the function: during a switch, its own Cloud Run service still exists.
  name                 = "${var.deployment.prefix}-${var.name}-image"
  project              = var.deployment.project_id
  location             = var.deployment.region
  deletion_protection  = false # it stores nothing, and Terraform must be able to replace it after a failed apply
  ingress              = { ALLOW_INTERNAL_ONLY = "INGRESS_TRAFFIC_INTERNAL_ONLY", ALLOW_ALL = "INGRESS_TRAFFIC_ALL" }[var.ingress]
  invoker_iam_disabled = var.public
  iap_enabled          = var.iap

  template {
    encryption_key                   = var.deployment.kms_key
    service_account                  = google_service_account.runtime.email
    timeout                          = "${var.size.timeout}s"
    max_instance_request_concurrency = var.size.concurrency

    scaling {
      min_instance_count = var.size.min_instances
      max_instance_count = var.size.max_instances
    }

    dynamic "vpc_access" {
      for_each = var.subnetwork == null ? [] : [var.subnetwork]

      content {
        egress = "ALL_TRAFFIC" # addresses of run.app are public ones

        network_interfaces {
          subnetwork = vpc_access.value
        }
      }
    }

    # Without a probe here, Cloud Run waits until the port is open, as it does for functions.
    containers {
      image = var.image

      resources {
        limits            = { cpu = var.size.cpu, memory = var.size.memory }
        cpu_idle          = true
        startup_cpu_boost = true
      }

      dynamic "env" {
        for_each = local.environment

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "env" {
        for_each = var.secrets

        content {
          name = env.key

          value_source {
            secret_key_ref {
              secret  = env.value.id
              version = env.value.version
            }
          }
        }
      }
    }
  }

  depends_on = [terraform_data.ready]
}
