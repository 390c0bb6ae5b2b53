output "try_it" {
  description = "The lines that put an image in and show what came out."
  value       = <<-EOT
    gsutil cp cat.png gs://${google_storage_bucket.data["input"].name}/album/cat.png
    gsutil ls gs://${google_storage_bucket.data["output"].name}/album/cat.png/
  EOT
}

output "input_bucket" {
  description = "Bucket that takes uploads."
  value       = google_storage_bucket.data["input"].name
}

output "output_bucket" {
  description = "Bucket that results are written to."
  value       = google_storage_bucket.data["output"].name
}

output "dead_letter_subscriptions" {
  description = "Where messages wait that could not be handled, by hop."
  value       = { for hop, subscription in google_pubsub_subscription.dead : hop => subscription.id }
}

output "sam2_url" {
  description = "The SAM2 server that is asked; null: none."
  value       = lookup(local.sam2_settings, "SAM2_URL", null)
}

output "page" {
  description = "Address of the page and the HTTP API; null without enable_api."
  value       = one(module.api[*].uri)
}

output "segmentation_service_account" {
  description = "The account that calls SAM2: what a server of yours in another project has to let in."
  value       = trimprefix(module.segmentation.member, "serviceAccount:")
}

output "dashboard" {
  description = "Where to watch it."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.this.id)}?project=${var.project_id}"
}
