sam2_provider       = "replicate"
replicate_api_token = "made-up"
