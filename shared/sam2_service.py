"""The server's side of the SAM2 contract, without the HTTP framework around it."""

import binascii
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from pydantic import Field, ValidationError

from shared import images
from shared.errors import Rejected
from shared.flat_art import LabelledPoint
from shared.geometry import Box, Image
from shared.masks import Candidate
from shared.sam2_contract import SegmentRequest, build_answer, decode_base64
from shared.segmenters import grabcut
from shared.settings import Settings

Answer = tuple[dict[str, Any], int]


class Sam2Settings(Settings):
    """Of the SAM2 service."""

    sam2_backend: Literal["grabcut"] = Field("grabcut", description="what computes the masks")
    max_bytes: int = Field(32 * 2**20, gt=0, description="largest request, in bytes")
    max_pixels: int = Field(50_000_000, gt=0, description="largest image, in pixels")


class Backend(Protocol):
    """What computes masks: real SAM2, or the embedded stand-in."""

    def __call__(
        self,
        image: Image,
        points: Sequence[LabelledPoint],
        box: Box | None,
        *,
        multimask: bool,
    ) -> list[Candidate]:
        """At least one candidate mask of the size of the RGB image."""
        ...


BACKENDS: dict[str, Callable[[], Backend]] = {"grabcut": lambda: grabcut.segment}


def segment(backend: Backend, body: bytes, settings: Sam2Settings) -> Answer:
    """The JSON answer to a request's body, and its HTTP status."""
    if len(body) > settings.max_bytes:
        return {"error": f"the request has more than {settings.max_bytes:,} bytes"}, 413
    try:
        request = SegmentRequest.model_validate_json(body)
        data = decode_base64(request.image_base64)
        image = images.decode(data, settings.max_pixels)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()
        )
        return {"error": problems}, 422
    except (binascii.Error, Rejected) as error:
        return {"error": f"image_base64: {error}"}, 422
    box = Box(*(round(edge) for edge in request.box)) if request.box else None
    candidates = backend(image, request.points, box, multimask=request.multimask)
    return build_answer(candidates), 200
