"""The JSON response about one image. It is encoded in chunks while it is sent."""

import base64
from collections.abc import Iterator, Sequence
from importlib.metadata import version

from pydantic import Field

from shared import VERSION
from shared.api.face_masks import FoundMasks
from shared.imaging.geometry import image_box
from shared.schemas.base import Record
from shared.schemas.box import Box
from shared.schemas.documents import Instance, Outputs, Reason, Review, Status, revisions
from shared.schemas.drawing import Drawing
from shared.schemas.prompt import Prompt

_CHUNK_BYTES = 3 * 2**18
"""Bytes of a PNG that are encoded as base64 at a time. It must be a multiple of 3: base64 encodes 3
bytes as 4 characters, and pads a shorter rest, which is valid only at the end. The size is chosen
by hand: a larger one needs more memory, a smaller one takes more calls."""

_PNG = Field(description="a PNG as base64", json_schema_extra={"format": "byte"})


class FaceMaskFields(Record):
    """All fields of the response except the pictures."""

    width: int
    height: int
    boxes: tuple[Box, ...] = Field(
        description="the boxes in the SAM2 prompts: [x0, y0, x1, y1], x1 and y1 exclusive"
    )
    status: Status
    reason: Reason | None
    instances: tuple[Instance, ...]
    prompts: tuple[Prompt, ...] = Field(
        description="the SAM2 prompt of each instance; a request may send them back, changed"
    )
    candidates: tuple[Prompt, ...] = Field(
        description="prompts for what scores too little to be an instance, but not much too little"
    )
    drawing: Drawing = Field(description="the options with which masks and cutouts are drawn")
    cutout_box: Box = Field(description="the part of the image that the cutout shows")
    review: tuple[Review, ...] = Field(description="reasons to review the result")
    timing: dict[str, float] = Field(description="seconds of each stage")
    versions: dict[str, str]
    warnings: tuple[str, ...] = Field(
        (), description="unknown form fields and query parameters; they were ignored"
    )


class FaceMaskResponse(FaceMaskFields):
    """The detected faces and hands, with mask (255 inside, 0 outside), cutout and overlay.

    Mask and overlay have the size of the image, the cutout that of `cutout_box`.
    """

    mask_png_base64: str = _PNG
    face_rgba_png_base64: str = _PNG
    overlay_png_base64: str = _PNG
    instance_png_base64: dict[str, str] | None = Field(
        None,
        description="only with `instance_pictures`: mask and cutout of each instance, PNGs of the "
        "image's size as base64, by the names in `files` of the instance",
    )


_OUTPUTS = Outputs()
PICTURES = {
    "mask_png_base64": _OUTPUTS.mask,
    "face_rgba_png_base64": _OUTPUTS.cutout,
    "overlay_png_base64": _OUTPUTS.overlay,
}
"""The pictures in the response: the JSON field, and the file name in a result's folder. The fields
are those of the first API, which clients still use (tests/functions/api/test_original_client.py).
"""

_VERSIONS = {"toonmask": VERSION, "mediapipe": version("mediapipe")}


def response_fields(
    found: FoundMasks, timing: dict[str, float], warnings: Sequence[str]
) -> FaceMaskFields:
    """Returns all fields of the response except the pictures."""
    bounds = image_box(found.image)
    return FaceMaskFields(
        width=bounds.width,
        height=bounds.height,
        boxes=tuple(prompt.box for prompt in found.prompts),
        status=found.segmentation.status,
        reason=found.segmentation.reason,
        instances=tuple(
            item.to_instance(bounds, found.drawing) for item in found.segmentation.segmented
        ),
        drawing=found.drawing,
        cutout_box=found.drawing.cutout_box(found.segmentation.bounds, bounds),
        prompts=found.prompts,
        candidates=found.candidates,
        review=found.review,
        timing=timing,
        versions=_VERSIONS | revisions(found.segmentation.segmenters),
        warnings=tuple(warnings),
    )


def json_chunks(
    fields: FaceMaskFields, pictures: dict[str, bytes], instance_files: Sequence[str] | None
) -> Iterator[bytes]:
    """Returns a FaceMaskResponse as JSON in chunks. All base64 text is never in memory at once.

    `pictures` has the PNGs by their file names: the values of PICTURES, and `instance_files`.
    """
    yield fields.model_dump_json().encode().removesuffix(b"}")
    for field, name in PICTURES.items():
        yield f',"{field}":'.encode()
        yield from _base64_chunks(pictures[name])
    if instance_files is not None:
        yield b',"instance_png_base64":{'
        for index, name in enumerate(instance_files):
            yield f'{"," if index else ""}"{name}":'.encode()
            yield from _base64_chunks(pictures[name])
        yield b"}"
    yield b"}"


def _base64_chunks(png: bytes) -> Iterator[bytes]:
    """Returns a JSON string in chunks."""
    yield b'"'
    for start in range(0, len(png), _CHUNK_BYTES):
        yield base64.b64encode(png[start : start + _CHUNK_BYTES])
    yield b'"'
