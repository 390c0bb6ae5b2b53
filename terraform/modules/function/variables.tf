variable "name" {
  description = "Name of the function, of its folder under functions/, and of its entry point."
  type        = string
}

variable "prefix" {
  description = "Prefix of the names of all resources."
  type        = string
}

variable "project_id" {
  description = "Google Cloud project of the function."
  type        = string
}

variable "region" {
  description = "Region of the function."
  type        = string
}

variable "source_bucket" {
  description = "Bucket for the zipped code."
  type        = string
}

variable "build_account" {
  description = "Service account that builds, projects/P/serviceAccounts/EMAIL."
  type        = string
}

variable "repository" {
  description = "Artifact Registry repository for the built image, projects/P/locations/R/repositories/NAME."
  type        = string
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
  description = "Secrets by the environment variable that gets their value."
  type        = map(string)
  default     = {}
}

variable "permissions" {
  description = "IDs of grants and secrets that must exist before the function is built and started."
  type        = list(string)
}
