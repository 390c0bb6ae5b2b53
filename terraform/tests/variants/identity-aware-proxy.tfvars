enable_api = true
api        = { iap = ["group:team@example.com", "user:me@example.com"] }
images     = { api = "us-central1-docker.pkg.dev/my-project/toonmask/api@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd" }
