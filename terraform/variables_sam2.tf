variable "sam2_provider" {
  description = "http: your SAM2 server at sam2_url; toonmask: a copy of functions/sam2 at sam2_url; replicate: a model at replicate.com. Ignored when deploy_sam2 is set."
  type        = string
  default     = "http"

  validation {
    condition     = contains(["http", "toonmask", "replicate"], var.sam2_provider)
    error_message = "sam2_provider must be http, toonmask (a copy of functions/sam2 deployed elsewhere) or replicate."
  }
}

variable "sam2_url" {
  description = "URL of your SAM2 server. Without sam2_url, deploy_sam2 and replicate, the embedded segmenter makes the masks, and results are degraded."
  type        = string
  default     = null

  validation {
    condition     = var.sam2_url == null || can(regex("^https://", var.sam2_url))
    error_message = "sam2_url must start with https://, because requests to it contain images and tokens."
  }

  validation {
    condition     = var.sam2_url == null || !can(regex("^https://[^/]*@", var.sam2_url))
    error_message = "sam2_url must not contain a user or a password, because they would be logged. Set sam2_auth = \"api-key\" and put the key into sam2_api_key."
  }

  validation {
    condition     = var.sam2_url == null || !var.deploy_sam2
    error_message = "Set either sam2_url (your own server) or deploy_sam2 (functions/sam2), not both."
  }
}

variable "sam2_auth" {
  description = "Authorisation of calls to sam2_url: identity (a Google identity token), api-key, or none."
  type        = string
  default     = "identity"

  validation {
    condition     = contains(["identity", "api-key", "none"], var.sam2_auth)
    error_message = "sam2_auth must be identity, api-key or none."
  }
}

variable "sam2_audience" {
  description = "Audience of the identity token; null uses the root of sam2_url."
  type        = string
  default     = null
}

variable "sam2_service" {
  description = "Name of your Cloud Run service at sam2_url, in this project. segmentation (and the API, if enabled) get roles/run.invoker on this service only."
  type        = string
  default     = null

  validation {
    condition     = var.sam2_service == null || var.sam2_url != null
    error_message = "sam2_service names the service behind sam2_url. Set sam2_url too."
  }
}

variable "sam2_region" {
  description = "Region of sam2_service; null uses region."
  type        = string
  default     = null
}

variable "sam2_api_key" {
  description = "Key for sam2_auth = api-key. It is stored only in Secret Manager, in no state and no plan: pass it as TF_VAR_sam2_api_key at each apply."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "replicate_api_token" {
  description = "Token for sam2_provider = replicate, handled like sam2_api_key."
  type        = string
  default     = null
  sensitive   = true
  ephemeral   = true
}

variable "secret_version" {
  description = "Version of keys and tokens. Raise it to write a new one: Terraform does not store them, so it cannot detect a change."
  type        = number
  default     = 1
}

variable "sam2_deadline" {
  description = "Timeout of all SAM2 calls for an image, in seconds; shorter than segmentation.timeout."
  type        = number
  default     = 300

  validation {
    condition     = var.sam2_deadline >= 10 && var.sam2_deadline <= var.segmentation.timeout - 30
    error_message = "sam2_deadline must be at least 10, and at least 30 less than segmentation.timeout, because the function also has to draw and write."
  }
}

variable "deploy_sam2" {
  description = "Whether to build functions/sam2 and run it as a private Cloud Run service. The build needs gcloud on the machine that runs terraform."
  type        = bool
  default     = false
}

variable "sam2" {
  description = "Size of our SAM2 service. gpu: real SAM2 on an L4; without it, the embedded segmenter. checkpoint: the weights in the image, as NAME@COMMIT at huggingface.co; those of SAM 2.1 itself need no commit. image: an existing image, instead of a build; `make images` writes it."
  type = object({
    gpu           = optional(bool, true)
    checkpoint    = optional(string, "facebook/sam2.1-hiera-large")
    image         = optional(string)
    min_instances = optional(number, 0)
    max_instances = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.sam2.min_instances <= var.sam2.max_instances && var.sam2.max_instances >= 1
    error_message = "sam2.max_instances must be at least 1 and at least min_instances."
  }

  # shared/sam2_server/checkpoint_files.py has the commits of SAM 2.1's own checkpoints.
  validation {
    condition     = can(regex("^facebook/sam2\\.1-hiera-[a-z-]+$|^[\\w.-]+/[\\w.-]+@[0-9a-f]{40}$", var.sam2.checkpoint))
    error_message = "sam2.checkpoint must be NAME@COMMIT, with the 40 digits of a commit of the model NAME at huggingface.co, because a branch such as main can move. facebook/sam2.1-hiera-tiny, -small, -base-plus and -large need no commit."
  }
}
