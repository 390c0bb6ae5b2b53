terraform {
  required_version = ">= 1.11" # write-only arguments, which keep secrets out of the state, need 1.11

  required_providers {
    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.7"
    }
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
    google-beta = {
      source  = "hashicorp/google-beta"
      version = "~> 6.50"
    }
    time = {
      source  = "hashicorp/time"
      version = "~> 0.13"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region

  default_labels = var.labels
}

provider "google-beta" {
  project = var.project_id
  region  = var.region

  default_labels = var.labels
}

# The Budgets API refuses a user's login without a project that the call counts for:
# https://registry.terraform.io/providers/hashicorp/google/latest/docs/resources/billing_budget
provider "google" {
  alias = "billing"

  project               = var.project_id
  user_project_override = true
  billing_project       = var.project_id
}
