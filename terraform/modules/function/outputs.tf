output "uri" {
  description = "Address of the function's Cloud Run service."
  value       = google_cloudfunctions2_function.this.service_config[0].uri
}

output "service" {
  description = "Name of the function's Cloud Run service."
  value       = google_cloudfunctions2_function.this.name
}

output "member" {
  description = "The account that the function runs as, as IAM names it."
  value       = google_service_account.runtime.member
}

output "package" {
  description = "The zip that the function is built from."
  value       = data.archive_file.source.output_path
}
