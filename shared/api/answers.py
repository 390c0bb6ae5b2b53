"""The answer about one image, as JSON that is written while it is sent."""

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

_CHUNK = 3 * 2**18
"""Bytes of a picture at a time; a multiple of 3, so that their base64 can be strung together."""

Png = Field(
    description="a PNG of the image's size, as base64", json_schema_extra={"format": "byte"}
)


class Findings(Record):
    """What was found; boxes are those that SAM2 was given, [x0, y0, x1, y1], exclusive."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    status: Status
    reason: Reason | None
    instances: tuple[Instance, ...]
    review: tuple[Review, ...] = Field(description="reasons for a person to look at it")
    timing: dict[str, float] = Field(description="seconds by stage")
    versions: dict[str, str]
    warnings: tuple[str, ...] = Field((), description="what was sent and is not known")


class FaceMaskAnswer(Findings):
    """Findings and pictures: 255 inside and 0 outside; the cutout; the image with all marked."""

    mask_png_base64: str = Png
    face_rgba_png_base64: str = Png
    overlay_png_base64: str = Png


_OUTPUTS = Outputs()
PICTURES = {
    "mask_png_base64": _OUTPUTS.mask,
    "face_rgba_png_base64": _OUTPUTS.cutout,
    "overlay_png_base64": _OUTPUTS.overlay,
}
"""Fields of the answer, with the names that the pictures have in an upload's folder."""

_VERSIONS = {"toonmask": VERSION, "mediapipe": version("mediapipe")}


def findings(found: FoundMasks, timing: dict[str, float], warnings: Sequence[str]) -> Findings:
    """What the answer says beside its pictures."""
    whole = image_box(found.image)
    return Findings(
        width=whole.width,
        height=whole.height,
        boxes=tuple(one.box for one in found.prompts),
        status=found.segmentation.status,
        reason=found.segmentation.reason,
        instances=tuple(one.to_instance(whole) for one in found.segmentation.segmented),
        review=found.review,
        timing=timing,
        versions=_VERSIONS | revisions(found.segmentation.segmenters),
        warnings=tuple(warnings),
    )


def written(told: Findings, pictures: dict[str, bytes]) -> Iterator[bytes]:
    """A FaceMaskAnswer as JSON in parts, without ever holding all of its base64."""
    yield told.model_dump_json().encode().removesuffix(b"}")
    for field, name in PICTURES.items():
        yield f',"{field}":"'.encode()
        png = pictures[name]
        for start in range(0, len(png), _CHUNK):
            yield base64.b64encode(png[start : start + _CHUNK])
        yield b'"'
    yield b"}"
