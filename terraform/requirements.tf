# What the deployment requires of the project. It depends on variables alone, so that `make preflight`
# can evaluate this file and the variables without providers, state and network.

locals {
  # The data sources below call these two. They are apart from the others, because Terraform reads a
  # data source late, and so replaces what depends on it, if its depends_on has changes.
  data_source_apis = toset(["cloudresourcemanager.googleapis.com", "storage.googleapis.com"])

  apis = toset(concat(
    [
      "artifactregistry.googleapis.com",
      "cloudbuild.googleapis.com",
      "cloudfunctions.googleapis.com",
      "iam.googleapis.com",
      "iamcredentials.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "pubsub.googleapis.com",
      "run.googleapis.com",
      "secretmanager.googleapis.com",
    ],
    var.kms_key == null ? [] : ["cloudkms.googleapis.com"],
    var.scan_images ? ["containerscanning.googleapis.com"] : [], # before the first image: older ones are not scanned
    var.budget == null ? [] : ["billingbudgets.googleapis.com"],
    # Spans are accepted only where the API of Cloud Trace is enabled too:
    # https://cloud.google.com/stackdriver/docs/reference/telemetry/v1.traces
    var.traces ? ["cloudtrace.googleapis.com", "telemetry.googleapis.com"] : [],
    var.subnetwork == null ? [] : ["compute.googleapis.com"],
    local.uses_iap ? ["iap.googleapis.com"] : [],
  ))

  uses_iap = var.enable_api && length(var.api.iap) > 0

  # The functions that call SAM2.
  sam2_callers = toset(concat(["segmentation"], var.enable_api ? ["api"] : []))

  function_names = toset(concat(["landmarks", "segmentation", "drain"], var.enable_api ? ["api"] : []))

  # Bucket names are global: another project can have them already.
  bucket_names = { for purpose in ["input", "output", "source"] : purpose => "${var.prefix}-${purpose}-${var.project_id}" }

  drain_size = { cpu = "1", memory = "512Mi", concurrency = 8, min_instances = 0, max_instances = 2, timeout = 60 }

  # Beside an L4, Cloud Run requires at least 4 CPUs and 16 GiB:
  # https://cloud.google.com/run/docs/configuring/services/gpu
  # On CPUs, SAM 2.1 tiny takes 1.05 GB, and large 3.3 GB in float32: measured, the latter with random weights.
  sam2_size = var.sam2.gpu ? { cpu = "4", memory = "16Gi" } : { cpu = "2", memory = "4Gi" }

  # As many as a new project's quota allows beside all functions at their default limits: quota.tf.
  sam2_most = coalesce(var.sam2.max_instances, max(var.sam2.min_instances, var.sam2.gpu ? 1 : 4))

  # The build arguments of functions/sam2/Dockerfile.
  sam2_device = var.sam2.gpu ? "gpu" : "cpu"
  sam2_model  = coalesce(var.sam2.model, var.sam2.gpu ? "facebook/sam2.1-hiera-large" : "facebook/sam2.1-hiera-tiny")

  # https://cloud.google.com/run/docs/configuring/services/gpu#supported-regions
  l4_regions = ["asia-southeast1", "europe-west1", "europe-west4", "us-central1", "us-east4"]

  # Secrets, by the environment variable that holds them.
  api_keys = toset(var.enable_api && var.api.wants_key ? ["API_KEY"] : [])
  sam2_keys = toset(concat(
    var.sam2_auth == "api-key" && !var.deploy_sam2 ? ["SAM2_API_KEY"] : [],
    var.sam2_provider == "replicate" && !var.deploy_sam2 ? ["REPLICATE_API_TOKEN"] : [],
  ))
  keys = setunion(local.sam2_keys, local.api_keys)

  # Ephemeral, as these variables are.
  key_values = {
    API_KEY             = var.api_key
    REPLICATE_API_TOKEN = var.replicate_api_token
    SAM2_API_KEY        = var.sam2_api_key
  }
  given_keys = toset([for name, value in local.key_values : name if try(length(value) > 0, false)])

  # Read by tools/deployment/preflight/requirements.py.
  requirements = {
    project_id      = var.project_id
    region          = var.region
    l4_regions      = local.l4_regions
    apis            = setunion(local.apis, local.data_source_apis)
    bucket_names    = values(local.bucket_names)
    kms_key         = var.kms_key
    billing_account = try(var.budget.billing_account, null)
    secrets         = local.keys
    enable_api      = var.enable_api
    api_public      = var.enable_api && var.api.public
    api_callers     = [for caller in var.api.callers : caller if var.enable_api]
    api_iap         = [for user in var.api.iap : user if var.enable_api]
    functions       = local.function_names
    images          = setintersection(local.function_names, keys(var.images))
    subnetwork      = var.subnetwork
    sam2            = var.sam2
    sam2_image      = { device = local.sam2_device, model = local.sam2_model }
    deploy_sam2     = var.deploy_sam2

    notification_email = var.notification_email

    services = {
      for name, size in local.sizes : name => merge(size, { l4_gpus = name == "sam2" && var.sam2.gpu ? 1 : 0 })
    }
  }
}
