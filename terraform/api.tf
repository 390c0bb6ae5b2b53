# The HTTP API and the page, with enable_api. Only the callers in var.api may call them. From an image,
# Identity-Aware Proxy can decide who they are.

locals {
  api_image = lookup(var.images, "api", null)
  api_reads = var.enable_api ? local.keys : toset([])

  api_environment = merge(local.settings, local.sam2_settings, {
    CORS_ORIGINS  = join(",", sort(var.api.cors_origins))
    MAX_BYTES     = tostring(31 * 1024 * 1024) # Cloud Run accepts requests up to 32 MiB
    MAX_UPLOAD    = lookup(var.settings, "MAX_BYTES", tostring(64 * 1024 * 1024))
    PROMPTS_TOPIC = google_pubsub_topic.work["prompts"].id
    MAX_PARALLEL  = tostring(max(1, floor(tonumber(var.api.cpu))))
    SAM2_DEADLINE = tostring(var.api.timeout - 30)
    UPLOADS_TOPIC = google_pubsub_topic.work["uploads"].id
    CAN_DELETE    = tostring(var.api.can_delete)
  })
}

module "api" {
  source = "./modules/function"
  count  = var.enable_api ? 1 : 0

  name         = "api"
  deployment   = local.deployment
  image        = local.api_image
  subnetwork   = var.subnetwork
  public       = var.api.public
  iap          = local.uses_iap
  size         = var.api
  ingress      = "ALLOW_ALL"
  shared_files = local.shared_files["api"]
  ready        = [time_sleep.build_grants.id, time_sleep.runtime_grants.id, time_sleep.secret_grants.id, time_sleep.sam2_grants.id]
  secrets      = { for name in local.api_reads : name => local.secrets[name] }
  environment  = local.api_environment
}

resource "google_cloud_run_v2_service_iam_member" "api_callers" {
  # A service from an image is public without a grant, which many organisations refuse to allUsers.
  for_each = var.enable_api ? setunion(var.api.callers, var.api.public && local.api_image == null ? ["allUsers"] : []) : toset([])

  project  = var.project_id
  location = var.region
  name     = module.api[0].service
  role     = "roles/run.invoker"
  member   = each.value
}

# Identity-Aware Proxy calls the service as its agent, for the users that it lets through.
resource "google_cloud_run_v2_service_iam_member" "iap_invokes" {
  count = local.uses_iap ? 1 : 0

  project  = var.project_id
  location = var.region
  name     = module.api[0].service
  role     = "roles/run.invoker"
  member   = local.iap_agent

  depends_on = [time_sleep.agents]
}

resource "google_iap_web_cloud_run_service_iam_member" "api_users" {
  for_each = local.uses_iap ? var.api.iap : toset([])

  project                = var.project_id
  location               = var.region
  cloud_run_service_name = module.api[0].service
  role                   = "roles/iap.httpsResourceAccessor"
  member                 = each.value
}

resource "google_secret_manager_secret_iam_member" "api_reads" {
  for_each = local.api_reads

  project   = var.project_id
  secret_id = google_secret_manager_secret.keys[each.value].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = module.api[0].member
}

# The page uploads files. An upload may replace an older one with the same name.
resource "google_storage_bucket_iam_member" "api_uploads" {
  count = var.enable_api ? 1 : 0

  bucket = google_storage_bucket.data["input"].name
  role   = "roles/storage.objectUser"
  member = module.api[0].member
}

resource "google_storage_bucket_iam_member" "api_reads_output" {
  count = var.enable_api ? 1 : 0

  bucket = google_storage_bucket.data["output"].name
  role   = "roles/storage.objectViewer"
  member = module.api[0].member
}

# A correction replaces prompts.json. A mark of a checked result changes the metadata of result.json.
# The API can write no other object of a result.
resource "google_storage_bucket_iam_member" "api_writes_output" {
  count = var.enable_api ? 1 : 0

  bucket = google_storage_bucket.data["output"].name
  role   = "roles/storage.objectUser"
  member = module.api[0].member

  condition {
    title      = "prompts-and-results"
    expression = "resource.name.endsWith(\"/prompts.json\") || resource.name.endsWith(\"/result.json\")"
  }
}

# The page deletes uploads with their results. No smaller predefined role can delete objects.
resource "google_storage_bucket_iam_member" "api_deletes_output" {
  count = var.enable_api && var.api.can_delete ? 1 : 0

  bucket = google_storage_bucket.data["output"].name
  role   = "roles/storage.objectUser"
  member = module.api[0].member
}

# Corrections go to the topic of prompts. Uploads are processed again through the topic to which
# Cloud Storage announces them (storage.tf).
resource "google_pubsub_topic_iam_member" "api_publishes" {
  for_each = toset(var.enable_api ? ["prompts", "uploads"] : [])

  project = var.project_id
  topic   = google_pubsub_topic.work[each.key].name
  role    = "roles/pubsub.publisher"
  member  = module.api[0].member
}
