deploy_sam2 = true
subnetwork  = "projects/my-project/regions/us-central1/subnetworks/run"
images      = { segmentation = "us-central1-docker.pkg.dev/my-project/toonmask/segmentation@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" }
