mock_data "google_project" {
  defaults = { number = "123456789012" }
}

mock_data "google_storage_project_service_account" {
  defaults = { email_address = "service-123456789012@gs-project-accounts.iam.gserviceaccount.com" }
}

mock_resource "google_service_account" {
  defaults = {
    id     = "projects/a-project/serviceAccounts/a@a-project.iam.gserviceaccount.com"
    name   = "projects/a-project/serviceAccounts/a@a-project.iam.gserviceaccount.com"
    email  = "a@a-project.iam.gserviceaccount.com"
    member = "serviceAccount:a@a-project.iam.gserviceaccount.com"
  }
}

mock_resource "google_pubsub_topic" {
  defaults = { id = "projects/a-project/topics/a-topic" }
}

mock_resource "google_cloud_run_v2_service" {
  override_during = plan
  defaults        = { uri = "https://toonmask-sam2-abc.a.run.app" }
}

mock_resource "google_monitoring_dashboard" {
  defaults = { id = "projects/123456789012/dashboards/d" }
}
