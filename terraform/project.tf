# The project: what it is, which APIs it needs, and the accounts that Google's services act as in it.

data "google_project" "this" {
  project_id = var.project_id

  depends_on = [google_project_service.apis]
}

data "google_storage_project_service_account" "this" {
  project = var.project_id

  depends_on = [google_project_service.apis]
}

locals {
  pubsub_agent = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"

  storage_agent = "serviceAccount:${data.google_storage_project_service_account.this.email_address}"
}

resource "google_project_service" "apis" {
  for_each = local.apis

  project            = var.project_id
  service            = each.value
  disable_on_destroy = false # others in the project may need it
}

# The agents that encrypt with var.kms_key on our behalf.
resource "google_kms_crypto_key_iam_member" "agents" {
  for_each = var.kms_key == null ? {} : {
    pubsub  = local.pubsub_agent
    secrets = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    storage = local.storage_agent
  }

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value
}
