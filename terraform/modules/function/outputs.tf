output "uri" {
  description = "URL of the function's Cloud Run service."
  value       = one(concat(google_cloudfunctions2_function.this[*].service_config[0].uri, google_cloud_run_v2_service.this[*].uri))
}

output "service" {
  description = "Name of the function's Cloud Run service."
  value       = one(concat(google_cloudfunctions2_function.this[*].name, google_cloud_run_v2_service.this[*].name))
}

output "member" {
  description = "Service account of the function, as an IAM member."
  value       = google_service_account.runtime.member
}

output "package" {
  description = "Path of the zip with the function's source."
  value       = data.archive_file.source.output_path
}
