"""Helpers that send images through the running system."""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from local import batch
from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack


def put(
    system: Stack, name: str, content: bytes, content_type: str = "image/png"
) -> dict[str, int]:
    """Uploads an object; returns its name with its generation."""
    blob = system.storage.bucket(INPUT_BUCKET).blob(name)
    blob.upload_from_string(content, content_type=content_type)
    return {name: int(blob.generation)}


def await_results(system: Stack, generations: Mapping[str, int]) -> dict[str, batch.Outcome]:
    """Waits for all results; returns the outcomes by name. pytest's timeout limits the wait."""
    return {outcome.name: outcome for outcome in batch.outcomes(system, generations)}


def process(
    system: Stack, name: str, content: bytes, content_type: str = "image/png"
) -> batch.Outcome:
    """Uploads one object, waits for its result, and returns its outcome."""
    return await_results(system, put(system, name, content, content_type))[name]


def output(system: Stack, name: str) -> bytes:
    """Returns the content of an object of the output bucket."""
    content: bytes = system.storage.bucket(OUTPUT_BUCKET).blob(name).download_as_bytes()
    return content


def output_names(system: Stack, upload: str) -> set[str]:
    """Returns the names of the objects in an upload's folder, relative to it."""
    prefix = f"{upload}/"
    blobs = system.storage.list_blobs(OUTPUT_BUCKET, prefix=prefix)
    return {blob.name.removeprefix(prefix) for blob in blobs}


def picture(system: Stack, name: str) -> npt.NDArray[np.uint8]:
    """Returns an image file of the output bucket as an array, uint8."""
    return np.asarray(PillowImage.open(io.BytesIO(output(system, name))))


def document(system: Stack, name: str) -> dict[str, Any]:
    """Returns a JSON document of the output bucket."""
    value: dict[str, Any] = json.loads(output(system, name))
    return value


def png(pixels: npt.NDArray[np.uint8]) -> bytes:
    """Encodes an array as a PNG."""
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()
