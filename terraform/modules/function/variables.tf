variable "name" {
  description = "Of the function: its folder under functions/, and its entry point."
  type        = string
}

variable "deployment" {
  description = "What all functions share: names, place, key, where their code and images are kept, and the account that builds them (projects/P/serviceAccounts/EMAIL)."
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

variable "size" {
  description = "CPU, memory, requests at a time, instances, and seconds for one request."
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
  description = "Where calls may come from: ALLOW_INTERNAL_ONLY or ALLOW_ALL. IAM says who may call."
  type        = string
}

variable "shared_files" {
  description = "Files of the package `shared` that the function needs, relative to the repository."
  type        = list(string)
}

variable "environment" {
  description = "Settings, as environment variables."
  type        = map(string)
}

variable "secrets" {
  description = "Secrets, as ID and version, by the environment variable that shows them."
  type        = map(object({ id = string, version = string }))
  default     = {}
}

variable "ready" {
  description = "IDs of what must be there before the function is built and started: grants that have taken effect."
  type        = list(string)
}
