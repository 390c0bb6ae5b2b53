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
  description = "Our SAM2 service. gpu: an L4 instead of CPUs. model: the weights in the image, as NAME@COMMIT at huggingface.co; those of SAM 2.1 itself and yonigozlan/EdgeTAM-hf need no commit; null: facebook/sam2.1-hiera-tiny on CPUs, facebook/sam2.1-hiera-large on a GPU. image: an existing image, instead of a build; `make images` writes it. max_instances: null allows 4 with CPUs and 1 with a GPU, which a new project's quota has room for."
  type = object({
    gpu           = optional(bool, false)
    model         = optional(string)
    image         = optional(string)
    min_instances = optional(number, 0)
    max_instances = optional(number)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.sam2.max_instances == null ? true : var.sam2.max_instances >= max(1, var.sam2.min_instances)
    error_message = "sam2.max_instances must be at least 1 and at least min_instances."
  }

  # shared/sam2_server/checkpoint_files.py has the commits of those that need none.
  validation {
    condition     = var.sam2.model == null || can(regex("^facebook/sam2\\.1-hiera-(tiny|small|base-plus|large)$|^yonigozlan/EdgeTAM-hf$|^[\\w.-]+/[\\w.-]+@[0-9a-f]{40}$", var.sam2.model))
    error_message = "sam2.model must be NAME@COMMIT, with the 40 digits of a commit of the model NAME at huggingface.co, because a branch such as main can move. facebook/sam2.1-hiera-tiny, -small, -base-plus and -large and yonigozlan/EdgeTAM-hf need no commit."
  }
}
