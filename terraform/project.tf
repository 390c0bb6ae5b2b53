# The project: its number, the APIs, Google's service agents, and the waits for changes that take
# effect late.

locals {
  # A call may fail with "API has not been used in project" for a while after the API was enabled:
  # https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/google_project_service
  api_propagation = "60s"

  # "Typically 2 minutes, potentially 7 minutes or longer":
  # https://cloud.google.com/iam/docs/access-change-propagation
  iam_propagation = "420s"
}

resource "google_project_service" "data_source_apis" {
  for_each = local.data_source_apis

  project            = var.project_id
  service            = each.value
  disable_on_destroy = false # others in the project may need it
}

resource "google_project_service" "apis" {
  for_each = local.apis

  project            = var.project_id
  service            = each.value
  disable_on_destroy = false # other resources in the project may need it
}

resource "time_sleep" "data_source_apis" {
  create_duration = local.api_propagation
  triggers        = { apis = join(" ", local.data_source_apis) }

  depends_on = [google_project_service.data_source_apis]
}

# Everything that calls an API waits for this.
resource "time_sleep" "apis" {
  create_duration = local.api_propagation
  triggers        = { apis = join(" ", local.apis) }

  depends_on = [google_project_service.apis, google_project_service.data_source_apis]
}

data "google_project" "this" {
  project_id = var.project_id

  depends_on = [time_sleep.data_source_apis]
}

data "google_storage_project_service_account" "this" {
  project = var.project_id

  depends_on = [time_sleep.data_source_apis]
}

# ---- service agents ----

locals {
  iap_agent     = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-iap.iam.gserviceaccount.com"
  pubsub_agent  = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
  storage_agent = "serviceAccount:${data.google_storage_project_service_account.this.email_address}"

  # Agents that encrypt with var.kms_key. The functions' list is that of
  # https://cloud.google.com/functions/docs/securing/cmek
  cmek_agents = var.kms_key == null ? {} : merge(
    {
      functions = "serviceAccount:service-${data.google_project.this.number}@gcf-admin-robot.iam.gserviceaccount.com"
      images    = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
      pubsub    = local.pubsub_agent
      run       = "serviceAccount:service-${data.google_project.this.number}@serverless-robot-prod.iam.gserviceaccount.com"
      storage   = local.storage_agent
    },
    length(local.keys) == 0 ? {} : {
      secrets = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    },
  )

  # Services whose agents are named here. A new project does not have the agents until they are asked for.
  agent_services = toset(concat(
    ["pubsub.googleapis.com"],
    local.uses_iap ? ["iap.googleapis.com"] : [],
    var.kms_key == null ? [] : ["artifactregistry.googleapis.com", "cloudfunctions.googleapis.com", "run.googleapis.com"],
    var.kms_key == null || length(local.keys) == 0 ? [] : ["secretmanager.googleapis.com"],
  ))
}

resource "google_project_service_identity" "agents" {
  provider = google-beta
  for_each = local.agent_services

  project = var.project_id
  service = each.value

  depends_on = [time_sleep.apis]
}

# Every grant to an agent waits for this.
resource "time_sleep" "agents" {
  create_duration = local.api_propagation
  triggers        = { services = join(" ", local.agent_services) }

  depends_on = [google_project_service_identity.agents, data.google_storage_project_service_account.this]
}

resource "google_kms_crypto_key_iam_member" "agents" {
  for_each = local.cmek_agents

  crypto_key_id = var.kms_key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value

  depends_on = [time_sleep.agents]
}

# Everything that is encrypted waits for this. Without a key it waits for nothing but the APIs.
resource "time_sleep" "encryption" {
  create_duration = var.kms_key == null ? "0s" : local.iam_propagation
  triggers        = { agents = join(" ", keys(local.cmek_agents)), key = coalesce(var.kms_key, "none") }

  depends_on = [google_kms_crypto_key_iam_member.agents, time_sleep.apis]
}
