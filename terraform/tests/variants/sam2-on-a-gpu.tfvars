deploy_sam2 = true
sam2        = { gpu = true }
