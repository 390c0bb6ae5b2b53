"""Uploads and results in the buckets of the API."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from google.cloud import storage as gcs

from shared.gcp.gcs import ObjectRef, Storage
from shared.pipeline.result_store import ResultStore
from shared.schemas.documents import Outputs, Reason, ResultDocument, Source, Status
from shared.schemas.errors import ReasonCode
from shared.schemas.image_file import ImageFile
from tests.shared.segmentation_runs import output
from tools.support.pipeline import png

PIXELS = np.random.default_rng(0).integers(0, 255, (300, 500, 3), np.uint8)
PICTURE = png(PIXELS)


def put_upload(
    bucket: gcs.Bucket, name: str, content: bytes = PICTURE, kind: str = "image/png"
) -> int:
    blob = bucket.blob(name)
    blob.upload_from_string(content, content_type=kind)
    return int(blob.generation)


def write_result(
    bucket: gcs.Bucket,
    name: str,
    generation: int,
    status: Status,
    more: Mapping[str, bytes] = MappingProxyType({}),
    **fields: Any,
) -> None:
    """Writes a result with the pipeline's code. `more` has pictures besides the usual ones."""
    results = ResultStore(Storage(), output(bucket).name)
    ref = ObjectRef(bucket.name, name, generation)
    if status is Status.FAILED:
        results.fail(ref.source, Reason(code=ReasonCode.GAVE_UP, message="Given up."))
        return
    source = Source(bucket=bucket.name, name=name, generation=generation, width=500, height=300)
    document = ResultDocument(
        status=status,
        reason=None,
        source=source,
        config="0123456789ab",
        outputs=Outputs(),
        timing={},
        versions={},
        **fields,
    )
    kinds = ("mask", "overlay", "cutout")
    files = [ImageFile(f"{kind}.png", PICTURE) for kind in kinds]
    files += [ImageFile(picture, content) for picture, content in more.items()]
    results.write(document, lambda: files)
