variable "name" {
  description = "Of the function: its folder under functions/, and its entry point."
  type        = string
}

variable "prefix" {
  description = "Beginning of every resource's name."
  type        = string
}

variable "project_id" {
  description = "The project."
  type        = string
}

variable "region" {
  description = "The region."
  type        = string
}

variable "source_bucket" {
  description = "Bucket for the packed code."
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
  description = "Secrets by the environment variable that shows them."
  type        = map(string)
  default     = {}
}

variable "permissions" {
  description = "IDs of what has to be there before the function is built and started: grants and secrets."
  type        = list(string)
}
