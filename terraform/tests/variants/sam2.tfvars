deploy_sam2 = true
