deploy_sam2           = true
enable_api            = true
targets               = ["face", "hand"]
input_retention_days  = 30
output_retention_days = 90
notification_email    = "on-call@example.com"
budget                = { billing_account = "012345-ABCDEF-012345", amount = 50 }
kms_key               = "projects/my-project/locations/us-central1/keyRings/r/cryptoKeys/k"
api                   = { wants_key = true, can_delete = true }
api_key               = "made-up"
settings              = { MIN_SCORE = "0.4", MASK_GROW = "3%" }
