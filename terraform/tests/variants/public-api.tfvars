enable_api = true
api        = { public = true }
