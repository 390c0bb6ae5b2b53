enable_api = true
api        = { callers = ["group:team@example.com"], wants_key = true, cors_origins = ["https://example.com"] }
api_key    = "made-up"
