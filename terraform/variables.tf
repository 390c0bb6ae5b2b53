# ---- where ----

variable "project_id" {
  description = "The Google Cloud project, with billing, that all of it lives in."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "project_id is a project's ID, like my-project-123: 6 to 30 lower-case letters, digits and hyphens. Not its name, not its number."
  }
}

variable "region" {
  description = "Region of all resources. With deploy_sam2 and a GPU: one that has L4s."
  type        = string
  default     = "us-central1"

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+[0-9]+$", var.region))
    error_message = "region is like us-central1 or europe-west4; not a zone (us-central1-a), not a multi-region (EU)."
  }
}

variable "prefix" {
  description = "Beginning of every resource's name. Two copies with different prefixes live side by side in one project."
  type        = string
  default     = "toonmask"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,12}[a-z0-9]$", var.prefix))
    error_message = "prefix is 3 to 14 lower-case letters, digits and hyphens, beginning with a letter: service accounts' names have 30 characters at most."
  }
}

variable "labels" {
  description = "Labels on everything that takes labels."
  type        = map(string)
  default     = { app = "toonmask" }
}

# ---- data ----

variable "input_retention_days" {
  description = "Days after which uploads are deleted; null keeps them."
  type        = number
  default     = null

  validation {
    condition     = var.input_retention_days == null || coalesce(var.input_retention_days, 1) >= 1
    error_message = "input_retention_days is at least 1, or null to keep uploads."
  }
}

variable "output_retention_days" {
  description = "Days after which results are deleted; null keeps them."
  type        = number
  default     = null

  validation {
    condition     = var.output_retention_days == null || coalesce(var.output_retention_days, 1) >= 1
    error_message = "output_retention_days is at least 1, or null to keep results."
  }
}

variable "soft_delete_days" {
  description = "Days for which deleted or overwritten uploads and results can be restored; 0, or 7 to 90."
  type        = number
  default     = 7

  validation {
    condition     = var.soft_delete_days == 0 || (var.soft_delete_days >= 7 && var.soft_delete_days <= 90)
    error_message = "soft_delete_days is 0 (off) or 7 to 90: Cloud Storage takes nothing between."
  }
}

variable "deletion_protection" {
  description = "Whether terraform destroy stops at buckets that hold something, and at the SAM2 service."
  type        = bool
  default     = true
}

variable "kms_key" {
  description = "Cloud KMS key for buckets, topics and secrets, projects/P/locations/REGION/keyRings/R/cryptoKeys/K; null: Google's keys."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key == null || can(regex("^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$", var.kms_key))
    error_message = "kms_key is a key's full name, projects/P/locations/REGION/keyRings/R/cryptoKeys/K, without a version."
  }
}

# ---- what is made of an upload; docs/settings.md has the details ----

variable "targets" {
  description = "What is looked for: face, hand, or both."
  type        = set(string)
  default     = ["face"]

  validation {
    condition     = length(var.targets) > 0 && length(setsubtract(var.targets, ["face", "hand"])) == 0
    error_message = "targets holds \"face\", \"hand\", or both."
  }
}

variable "settings" {
  description = "More settings for the functions by their names in docs/settings.md, such as MAX_PIXELS or MIN_SCORE."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.settings) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "settings' names are those of environment variables: capitals, digits and underscores."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), ["INPUT_BUCKET", "OUTPUT_BUCKET", "PROMPTS_TOPIC", "TARGETS", "SAM2_URL", "SAM2_PROVIDER", "SAM2_AUTH", "SAM2_API_KEY", "SAM2_AUDIENCE", "SAM2_DEADLINE", "REPLICATE_API_TOKEN", "API_KEY", "CORS_ORIGINS", "MAX_PARALLEL", "MAX_UPLOAD", "MAX_DELIVERY_ATTEMPTS", "TRACE_PROJECT", "PUSH_ACCOUNT", "PUSH_CERTS_URL", "TRUSTED_HOSTS"])) == 0
    error_message = "settings must not hold what has a variable of its own or is wired by this configuration: buckets, topic, TARGETS, SAM2_URL, SAM2_PROVIDER, SAM2_AUTH, SAM2_AUDIENCE, SAM2_DEADLINE, CORS_ORIGINS, MAX_PARALLEL, MAX_UPLOAD (it is MAX_BYTES), MAX_DELIVERY_ATTEMPTS, TRACE_PROJECT, PUSH_ACCOUNT, PUSH_CERTS_URL, TRUSTED_HOSTS, keys and tokens."
  }
}

# ---- how much of it runs ----

variable "landmarks" {
  description = "Size of the landmarks function. One image at a time and processor: detection uses it fully."
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
    error_message = "landmarks.timeout is 30 to 599 seconds: below the 600 s within which Pub/Sub wants an acknowledgement."
  }

  validation {
    condition     = var.landmarks.min_instances <= var.landmarks.max_instances && var.landmarks.max_instances >= 1
    error_message = "landmarks.max_instances is at least 1 and at least min_instances."
  }
}

variable "segmentation" {
  description = "Size of the segmentation function. It mostly waits for SAM2, so several images share an instance."
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
    error_message = "segmentation.timeout is 60 to 599 seconds: below the 600 s within which Pub/Sub wants an acknowledgement."
  }

  validation {
    condition     = var.segmentation.min_instances <= var.segmentation.max_instances && var.segmentation.max_instances >= 1
    error_message = "segmentation.max_instances is at least 1 and at least min_instances."
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
  description = "Deliveries of a message, with growing pauses between them, before it becomes a dead letter."
  type        = number
  default     = 10

  validation {
    condition     = var.max_delivery_attempts >= 5 && var.max_delivery_attempts <= 100
    error_message = "max_delivery_attempts is 5 to 100: Pub/Sub takes nothing else."
  }
}

# ---- who is told ----

variable "notification_channels" {
  description = "Cloud Monitoring channels that alerts go to, projects/P/notificationChannels/N. Without any, alerts are seen in the console alone."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "notification_channels holds full names, projects/P/notificationChannels/N; `gcloud beta monitoring channels list` shows them."
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
  description = "Monthly budget that warns at 50, 90 and 100%, on a billing account (without billingAccounts/), in its currency; null: none."
  type = object({
    billing_account = string
    amount          = number
  })
  default = null

  validation {
    condition     = var.budget == null || try(var.budget.amount > 0 && can(regex("^[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}$", var.budget.billing_account)), false)
    error_message = "budget is {billing_account = \"012345-ABCDEF-012345\", amount = 100}."
  }
}
