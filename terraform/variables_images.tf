# ---- images and the network ----

variable "images" {
  description = "Images of functions, by their names, each with its digest (@sha256:…). `make images` builds them and writes this variable. The functions that are not named are built by Cloud Functions during the apply."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.images), ["landmarks", "segmentation", "drain", "api"])) == 0
    error_message = "images has only the functions landmarks, segmentation, drain and api. The image of the SAM2 service is sam2.image."
  }

  validation {
    condition     = alltrue([for image in values(var.images) : can(regex("^[^@\\s]+@sha256:[0-9a-f]{64}$", image))])
    error_message = "images must have digests, REGION-docker.pkg.dev/PROJECT/REPOSITORY/NAME@sha256:…, because what a tag names can change. `make images` writes them."
  }
}

variable "subnetwork" {
  description = "Subnetwork, projects/P/regions/REGION/subnetworks/NAME, that all requests of segmentation and api go through (Direct VPC egress). Our SAM2 service then accepts only internal traffic. Both functions need images. null: none."
  type        = string
  default     = null

  validation {
    condition     = var.subnetwork == null || can(regex("^projects/[^/]+/regions/[^/]+/subnetworks/[^/]+$", var.subnetwork))
    error_message = "subnetwork must be a full name, projects/P/regions/REGION/subnetworks/NAME."
  }

  validation {
    condition     = var.subnetwork == null || try(split("/", var.subnetwork)[3] == var.region, false)
    error_message = "subnetwork must be in the region of the deployment: Cloud Run takes addresses only from there."
  }

  validation {
    condition     = var.subnetwork == null || length(setsubtract(local.sam2_callers, keys(var.images))) == 0
    error_message = "subnetwork needs images of ${join(" and ", local.sam2_callers)}, because Cloud Functions knows no Direct VPC egress. Run `make images` first."
  }
}
