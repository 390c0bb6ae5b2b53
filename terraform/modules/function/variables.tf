variable "name" {
  description = "Name of the function, of its folder under functions/, and of its entry point."
  type        = string
}

variable "deployment" {
  description = "Common to all functions: prefix of names, project, region, key, bucket of the zipped code, service account that builds (projects/P/serviceAccounts/EMAIL), and Artifact Registry repository of the images (projects/P/locations/R/repositories/NAME)."
  type = object({
    prefix        = string
    project_id    = string
    region        = string
    kms_key       = optional(string)
    source_bucket = string
    build_account = string
    repository    = string
  })
}

variable "image" {
  description = "Image of the function, with its digest; null builds it from source."
  type        = string
  default     = null
}

variable "subnetwork" {
  description = "Subnetwork that all requests of the function go through; only with an image. null: none."
  type        = string
  default     = null
}

variable "public" {
  description = "Whether Cloud Run lets everybody call the function, without a grant; only with an image."
  type        = bool
  default     = false
}

variable "iap" {
  description = "Whether Identity-Aware Proxy decides who may call the function; only with an image."
  type        = bool
  default     = false
}

variable "size" {
  description = "CPU, memory, concurrent requests per instance, number of instances, and timeout of a request in seconds."
  type = object({
    cpu           = string
    memory        = string
    concurrency   = number
    min_instances = number
    max_instances = number
    timeout       = number
  })
}

variable "ingress" {
  description = "Networks that may send requests: ALLOW_INTERNAL_ONLY or ALLOW_ALL. IAM controls the callers."
  type        = string
}

variable "shared_files" {
  description = "Files of the package `shared` that the function needs, relative to the repository."
  type        = list(string)
}

variable "environment" {
  description = "Settings of the function, as environment variables."
  type        = map(string)
}

variable "secrets" {
  description = "Secrets, as ID and version, by the environment variable that gets their value."
  type        = map(object({ id = string, version = string }))
  default     = {}
}

variable "ready" {
  description = "IDs of resources that must exist before the function is built and started."
  type        = list(string)
}
