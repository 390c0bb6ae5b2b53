"""What is run around `terraform apply`, for people who deploy."""
