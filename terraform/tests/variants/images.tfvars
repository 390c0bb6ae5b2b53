enable_api = true
api        = { public = true, wants_key = true }
api_key    = "made-up"
kms_key    = "projects/my-project/locations/us-central1/keyRings/r/cryptoKeys/k"
images = {
  landmarks    = "us-central1-docker.pkg.dev/my-project/toonmask/landmarks@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  segmentation = "us-central1-docker.pkg.dev/my-project/toonmask/segmentation@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
  drain        = "us-central1-docker.pkg.dev/my-project/toonmask/drain@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
  api          = "us-central1-docker.pkg.dev/my-project/toonmask/api@sha256:dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
}
