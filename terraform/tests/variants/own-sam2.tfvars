sam2_url     = "https://sam2.example.com/v1/segment"
sam2_auth    = "api-key"
sam2_api_key = "made-up"
