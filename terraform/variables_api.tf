variable "enable_api" {
  description = "Whether to deploy the HTTP API and the page. By default nobody may call them."
  type        = bool
  default     = false
}

variable "api" {
  description = "Size of the API, and who may call it. callers: principals such as user:…, group:… or serviceAccount:…. public: everybody. iap: principals who log in at Identity-Aware Proxy in their browser, instead of callers and public; needs an image (images). wants_key: callers also need api_key. cors_origins: other sites whose scripts may call, such as https://example.com, or only *. can_delete: callers may delete uploads with their results."
  type = object({
    cpu           = optional(string, "2")
    memory        = optional(string, "4Gi")
    concurrency   = optional(number, 16)
    min_instances = optional(number, 0)
    max_instances = optional(number, 1)
    timeout       = optional(number, 120)
    callers       = optional(set(string), [])
    public        = optional(bool, false)
    iap           = optional(set(string), [])
    wants_key     = optional(bool, false)
    cors_origins  = optional(set(string), [])
    can_delete    = optional(bool, false)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for caller in var.api.callers : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.+$", caller))])
    error_message = "api.callers must contain IAM members such as user:me@example.com or group:team@example.com. To allow everybody, set public = true."
  }

  validation {
    condition     = alltrue([for user in var.api.iap : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):.+$", user))])
    error_message = "api.iap must contain IAM members such as user:me@example.com or group:team@example.com."
  }

  validation {
    condition     = length(var.api.iap) == 0 || contains(keys(var.images), "api")
    error_message = "api.iap needs an image of the function api, because Cloud Functions cannot enable Identity-Aware Proxy. Run `make images` first."
  }

  validation {
    condition     = length(var.api.iap) == 0 || !var.api.public && length(var.api.callers) == 0
    error_message = "With api.iap, Identity-Aware Proxy decides about every request. Put the members of api.callers into api.iap, and set public = false."
  }

  validation {
    condition     = var.api.timeout >= 60 && var.api.timeout <= 3600
    error_message = "api.timeout must be 60 to 3600 seconds."
  }

  validation {
    condition     = var.api.concurrency >= 8
    error_message = "api.concurrency must be at least 8: slow downloads may occupy four requests."
  }

  validation {
    condition     = var.api.min_instances <= var.api.max_instances && var.api.max_instances >= 1
    error_message = "api.max_instances must be at least 1 and at least min_instances."
  }

  validation {
    condition     = var.api.cors_origins == toset(["*"]) || alltrue([for origin in var.api.cors_origins : can(regex("^https?://([a-z0-9]([a-z0-9.-]*[a-z0-9])?|\\[[0-9a-f:.]+\\])(:[0-9]{1,5})?$", origin))])
    error_message = "api.cors_origins must contain origins in lower case, such as https://example.com or http://localhost:8000, without a path, a user or a wildcard; or only *."
  }
}

variable "api_key" {
  description = "Key for api.wants_key, handled like sam2_api_key."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}
