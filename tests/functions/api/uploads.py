"""An upload into a bucket that the API knows."""

import numpy as np
from google.cloud import storage as gcs

from tools.support.pipeline import png

PIXELS = np.random.default_rng(0).integers(0, 255, (300, 500, 3), np.uint8)
PICTURE = png(PIXELS)


def put_upload(
    bucket: gcs.Bucket, name: str, content: bytes = PICTURE, kind: str = "image/png"
) -> int:
    blob = bucket.blob(name)
    blob.upload_from_string(content, content_type=kind)
    return int(blob.generation)
