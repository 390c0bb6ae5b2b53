sam2_url     = "https://sam2-abc.a.run.app/v1/segment"
sam2_service = "sam2"
sam2_region  = "europe-west4"
