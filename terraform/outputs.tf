output "try_it" {
  description = "Commands that upload an image and list its results."
  value       = <<-EOT
    gsutil cp cat.png gs://${google_storage_bucket.data["input"].name}/album/cat.png
    gsutil ls gs://${google_storage_bucket.data["output"].name}/album/cat.png/
  EOT
}

output "input_bucket" {
  description = "Bucket of the uploads."
  value       = google_storage_bucket.data["input"].name
}

output "output_bucket" {
  description = "Bucket of the results."
  value       = google_storage_bucket.data["output"].name
}

output "dead_letter_subscriptions" {
  description = "Subscriptions that keep the dead letters, by hop."
  value       = { for hop, subscription in google_pubsub_subscription.dead : hop => subscription.id }
}

output "sam2_url" {
  description = "URL of the SAM2 service; null if there is none."
  value       = lookup(local.sam2_settings, "SAM2_URL", null)
}

output "page" {
  description = "URL of the page and the HTTP API; null without enable_api."
  value       = one(module.api[*].uri)
}

output "segmentation_service_account" {
  description = "Service account that calls SAM2. A server in another project must allow it."
  value       = trimprefix(module.segmentation.member, "serviceAccount:")
}

output "dashboard" {
  description = "URL of the dashboard."
  value       = "https://console.cloud.google.com/monitoring/dashboards/builder/${basename(google_monitoring_dashboard.this.id)}?project=${var.project_id}"
}
