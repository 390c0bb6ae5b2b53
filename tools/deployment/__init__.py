"""What surrounds `terraform apply` and `terraform destroy` of a deployment."""
