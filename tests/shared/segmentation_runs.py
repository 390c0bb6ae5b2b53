"""Runs the segmentation use case on an upload in a real bucket, with a SAM2 server of the test."""

import json
from typing import Any

import numpy as np
from google.cloud import storage as gcs

from shared.gcp.events import Message
from shared.imaging.geometry import Image
from shared.pipeline.segmentation import Segmentation
from shared.schemas.documents import PromptsDocument, Source
from shared.schemas.prompt import Prompt
from shared.schemas.settings import SegmentationSettings
from shared.segmentation.backends import factory
from tests.endpoint import Endpoint
from tools.support.pipeline import png

HEIGHT, WIDTH = 200, 300
IMAGE = np.full((HEIGHT, WIDTH, 3), (240, 200, 170), np.uint8)


def segmentation(bucket: gcs.Bucket, sam2: Endpoint, **changes: Any) -> Segmentation:
    """Returns the use case with a short deadline, which calls the endpoint."""
    settings = SegmentationSettings(
        input_bucket=bucket.name,
        output_bucket=output(bucket).name,
        **{"sam2_url": sam2.url, "sam2_auth": "none", "sam2_deadline": 30, **changes},
    )
    return Segmentation(settings, factory.primary(settings), factory.fallback(settings))


def upload(bucket: gcs.Bucket, image: Image = IMAGE) -> int:
    """Uploads an image as cat.png; returns its generation."""
    blob = bucket.blob("cat.png")
    blob.upload_from_string(png(image), content_type="image/png")
    return int(blob.generation)


def event(
    into: gcs.Bucket, generation: int, *prompts: Prompt, revision: int = 0, **source: Any
) -> Message:
    """Returns the prompts message for the upload."""
    size = {"width": WIDTH, "height": HEIGHT}
    document = PromptsDocument(
        source=Source(
            **{"bucket": into.name, "name": "cat.png", **size, **source}, generation=generation
        ),
        revision=revision,
        config="0123456789ab",
        instances=prompts,
        versions={},
    )
    return Message(document.model_dump_json().encode(), {})


def result(bucket: gcs.Bucket) -> dict[str, Any]:
    """Returns the upload's result.json."""
    content = output(bucket).blob("cat.png/result.json").download_as_bytes()
    found: dict[str, Any] = json.loads(content)
    return found


def output(bucket: gcs.Bucket) -> gcs.Bucket:
    """Returns the bucket for the results of uploads into `bucket`; creates it if needed."""
    results: gcs.Bucket = bucket.client.bucket(f"{bucket.name}-output")
    if not results.exists():
        results.create()
    return results
