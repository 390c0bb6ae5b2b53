deploy_sam2 = true
sam2        = { image = "us-central1-docker.pkg.dev/my-project/toonmask/sam2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }
