# ---- where ----

variable "project_id" {
  description = "ID of the Google Cloud project for all resources. The project needs billing."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id must be a project's ID, such as my-project-123: 6 to 30 lower-case letters, digits and hyphens. It is not the project's name or number."
  }
}

variable "region" {
  description = "Region of all resources. With deploy_sam2 and sam2.gpu, the region must have L4 GPUs."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region must be a region such as us-central1 or europe-west4, not a zone (us-central1-a) or a multi-region (EU)."
  }
}

variable "prefix" {
  description = "Beginning of each resource's name. Deployments with different prefixes can share a project."
  type        = string
  default     = "toonmask"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,12}[a-z0-9]$", var.prefix))
    error_message = "prefix must have 3 to 14 lower-case letters, digits and hyphens, and start with a letter: names of service accounts have at most 30 characters."
  }
}

variable "labels" {
  description = "Labels of all resources that support labels."
  type        = map(string)
  default     = { app = "toonmask" }
}

# ---- data ----

variable "input_retention_days" {
  description = "Days until uploads are deleted; null keeps them."
  type        = number
  default     = null

  validation {
    condition     = var.input_retention_days == null || coalesce(var.input_retention_days, 1) >= 1
    error_message = "input_retention_days must be at least 1, or null to keep uploads."
  }
}

variable "output_retention_days" {
  description = "Days until results are deleted; null keeps them."
  type        = number
  default     = null

  validation {
    condition     = var.output_retention_days == null || coalesce(var.output_retention_days, 1) >= 1
    error_message = "output_retention_days must be at least 1, or null to keep results."
  }
}

variable "soft_delete_days" {
  description = "Days during which deleted or overwritten uploads and results can be restored: 0, or 7 to 90."
  type        = number
  default     = 7

  validation {
    condition     = var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90)
    error_message = "soft_delete_days is 0 (off) or 7 to 90: Cloud Storage accepts no other values."
  }
}

variable "deletion_protection" {
  description = "Whether terraform destroy refuses to delete buckets with objects."
  type        = bool
  default     = true
}

variable "kms_key" {
  description = "Cloud KMS key for buckets, topics, secrets, images, functions and the SAM2 service, as projects/P/locations/REGION/keyRings/R/cryptoKeys/K; null uses Google's keys. Choose it before the first apply: a change deletes all images and builds them again, and Terraform takes away the roles on the old key, with which older objects are still encrypted."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key must be a key's full name, projects/P/locations/REGION/keyRings/R/cryptoKeys/K, without a version."
  }

  validation {
    condition     = var.kms_key == null || try(split("/", var.kms_key)[3] == var.region, false)
    error_message = "kms_key must be in the region of the deployment: its resources are regional."
  }
}

# ---- detection and settings of the functions; details in docs/settings.md ----

variable "targets" {
  description = "What to detect: face, hand, or both."
  type        = set(string)
  default     = ["face"]

  validation {
    condition     = length(var.targets) > 0 && length(setsubtract(var.targets, ["face", "hand"])) == 0
    error_message = "targets must contain \"face\", \"hand\", or both, and nothing else."
  }
}

variable "settings" {
  description = "Further settings of the functions, by their names in docs/settings.md, such as MAX_PIXELS or MIN_SCORE."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "The names in settings are environment variables: capitals, digits and underscores."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), ["INPUT_BUCKET", "OUTPUT_BUCKET", "PROMPTS_TOPIC", "UPLOADS_TOPIC", "CAN_DELETE", "TARGETS", "SAM2_URL", "SAM2_PROVIDER", "SAM2_AUTH", "SAM2_API_KEY", "SAM2_AUDIENCE", "SAM2_DEADLINE", "REPLICATE_API_TOKEN", "API_KEY", "CORS_ORIGINS", "MAX_PARALLEL", "MAX_UPLOAD", "MAX_DELIVERY_ATTEMPTS", "TRACE_PROJECT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "PUSH_ACCOUNT", "PUSH_CERTS_URL", "TRUSTED_HOSTS"])) == 0
    error_message = "settings must not contain settings that have a variable of their own, or that this configuration sets: buckets, topics, TARGETS, SAM2_URL, SAM2_PROVIDER, SAM2_AUTH, SAM2_AUDIENCE, SAM2_DEADLINE, CORS_ORIGINS, CAN_DELETE (it is api.can_delete), MAX_PARALLEL, MAX_UPLOAD (it is MAX_BYTES), MAX_DELIVERY_ATTEMPTS, TRACE_PROJECT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT (it is traces), PUSH_ACCOUNT, PUSH_CERTS_URL, TRUSTED_HOSTS, keys and tokens."
  }
}

# ---- sizes and limits ----

variable "landmarks" {
  description = "Size of the landmarks function. One image per processor at a time, because detection uses the processor fully."
  type = object({
    cpu           = optional(string, "1")
    memory        = optional(string, "2Gi")
    concurrency   = optional(number, 1)
    min_instances = optional(number, 0)
    max_instances = optional(number, 5)
    timeout       = optional(number, 300)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.landmarks.timeout >= 30 && var.landmarks.timeout < 600
    error_message = "landmarks.timeout is 30 to 599 seconds: below Pub/Sub's acknowledgement deadline of 600 s."
  }

  validation {
    condition     = var.landmarks.min_instances <= var.landmarks.max_instances && var.landmarks.max_instances >= 1
    error_message = "landmarks.max_instances must be at least 1 and at least min_instances."
  }
}

variable "segmentation" {
  description = "Size of the segmentation function. Several images share an instance, because it mostly waits for SAM2."
  type = object({
    cpu           = optional(string, "1")
    memory        = optional(string, "2Gi")
    concurrency   = optional(number, 4)
    min_instances = optional(number, 0)
    max_instances = optional(number, 3)
    timeout       = optional(number, 540)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.segmentation.timeout >= 60 && var.segmentation.timeout < 600
    error_message = "segmentation.timeout is 60 to 599 seconds: below Pub/Sub's acknowledgement deadline of 600 s."
  }

  validation {
    condition     = var.segmentation.min_instances <= var.segmentation.max_instances && var.segmentation.max_instances >= 1
    error_message = "segmentation.max_instances must be at least 1 and at least min_instances."
  }
}

variable "quota" {
  description = "Cloud Run's quotas of the project in the region: memory in GiB and CPUs. The defaults are those of a new project."
  type = object({
    memory_gib = optional(number, 40)
    cpus       = optional(number, 20)
  })
  default  = {}
  nullable = false

  validation {
    condition     = local.most_memory_gib <= var.quota.memory_gib && local.most_cpus <= var.quota.cpus
    error_message = "With all instances running, the services take ${local.most_memory_gib} GiB of memory and ${local.most_cpus} CPUs. The quota is ${var.quota.memory_gib} GiB and ${var.quota.cpus} CPUs. Lower max_instances of ${join(", ", keys(local.sizes))}; or have Google raise the quota (https://cloud.google.com/run/quotas) and then set quota = { memory_gib = ..., cpus = ... }."
  }
}

variable "max_delivery_attempts" {
  description = "Number of deliveries, with growing pauses between them, before a message becomes a dead letter."
  type        = number
  default     = 10

  validation {
    condition     = var.max_delivery_attempts >= 5 && var.max_delivery_attempts <= 100
    error_message = "max_delivery_attempts is 5 to 100: Pub/Sub accepts no other values."
  }
}

variable "scan_images" {
  description = "Whether Google scans each image of the functions and of SAM2 for known vulnerabilities, for 0.26 USD an image. It enables the Container Scanning API, with which the project's other Docker repositories are scanned too, unless they say otherwise."
  type        = bool
  default     = false
}

# ---- traces, alerts and budget ----

variable "traces" {
  description = "Whether the functions and the SAM2 service send spans to Cloud Trace, of the requests that Cloud Run samples. Cloud Trace bills spans."
  type        = bool
  default     = false
  nullable    = false
}

variable "notification_channels" {
  description = "Cloud Monitoring channels for alerts, as projects/P/notificationChannels/N. Without channels, alerts appear only in the console."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "notification_channels must contain full names, projects/P/notificationChannels/N; `gcloud beta monitoring channels list` shows them."
  }
}

variable "notification_email" {
  description = "E-mail address that alerts go to, in addition to notification_channels; null: none."
  type        = string
  default     = null

  validation {
    condition     = var.notification_email == null || can(regex("^[^@\\s]+@[^@\\s]+$", var.notification_email))
    error_message = "notification_email is an e-mail address."
  }
}

variable "budget" {
  description = "Monthly budget with warnings at 50, 90 and 100%: the billing account (without billingAccounts/), and the amount in its currency; null creates no budget."
  type = object({
    billing_account = string
    amount          = number
  })
  default = null

  validation {
    condition     = var.budget == null || try(var.budget.amount > 0 && can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account)), false)
    error_message = "budget must have a form like {billing_account = \"012345-ABCDEF-012345\", amount = 100}."
  }
}
