output "uri" {
  description = "URL of the function's Cloud Run service."
  value       = google_cloudfunctions2_function.this.service_config[0].uri
}

output "service" {
  description = "Name of the function's Cloud Run service."
  value       = google_cloudfunctions2_function.this.name
}

output "member" {
  description = "Service account of the function, as an IAM member."
  value       = google_service_account.runtime.member
}

output "package" {
  description = "Path of the zip with the function's source."
  value       = data.archive_file.source.output_path
}
