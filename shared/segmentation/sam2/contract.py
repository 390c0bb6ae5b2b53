"""The JSON of the SAM2 contract: builds and parses requests, and builds our service's responses.

Every server supports one image with one prompt per request. Our service also accepts many images
with many prompts each.
"""

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, FailFast, Field, ValidationError

from shared.imaging import png
from shared.schemas.documents import SegmenterVersion
from shared.schemas.prompt import MOST_CLICKS, MOST_OUTLINE, Prompt
from shared.segmentation.mask_selection import Candidate
from shared.segmentation.sam2.answers import AnswerError, ScoredMask
from shared.segmentation.sam2.crops import Crop

MOST_PICTURES = 32
MOST_PROMPTS = 32
MOST_POINTS = 1024
"""Limits for the images of a request, the prompts of an image, and the points of a prompt. Chosen
by hand: higher ones allow requests that occupy the service for longer."""


@dataclass(frozen=True, slots=True)
class FieldNames:
    """The names of the request's fields on a server. With an empty box name, no box is sent."""

    image: str = "image_base64"
    points: str = "points"
    box: str = "box"
    multimask: str = "multimask"
    return_prob: str = "return_prob"


Base64Image = Annotated[
    str,
    Field(
        min_length=1,
        description="a PNG, JPEG, WebP, AVIF, GIF, BMP or TIFF file, as base64 or as a data URL",
        json_schema_extra={"format": "base64-image"},
    ),
]


def _no_boolean(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError("want 0 or 1")  # noqa: TRY004 pydantic converts only ValueError
    return value


PointLabel = Annotated[Literal[0, 1], BeforeValidator(_no_boolean)]
"""Equal to 0 or 1. 1.0 is valid too, because clients often send points as an array of floats."""


_Coordinate = Annotated[float, Field(ge=-1e6, le=1e6)]
"""Of an outline: images are smaller, and far greater numbers are infinite as float32."""

Vertex = tuple[_Coordinate, _Coordinate]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="ignore", allow_inf_nan=False)


class PromptPart(_Part):
    """A prompt, in pixels of its image: points (x, y, label) and a box (x0, y0, x1, y1).

    A point with the label 1 is inside the object, one with 0 outside. `clicks` are further points
    of a person, for SAM2; the embedded segmenter ignores them, because its client corrects its
    masks by them. SAM2 ignores `outline`, a polygon; the embedded segmenter takes it for the
    object's, unless it has fewer than 3 vertices.
    """

    # stop at the first invalid point: a million error messages need a gigabyte
    points: Annotated[list[tuple[float, float, PointLabel]], FailFast()] = Field(
        default=[], max_length=MOST_POINTS
    )
    clicks: Annotated[list[tuple[float, float, PointLabel]], FailFast()] = Field(
        default=[], max_length=MOST_CLICKS
    )
    box: tuple[float, float, float, float] | None = None
    outline: Annotated[list[Vertex], FailFast()] = Field(default=[], max_length=MOST_OUTLINE)

    @property
    def all_points(self) -> list[tuple[float, float, Literal[0, 1]]]:
        """The points and the clicks."""
        return [*self.points, *self.clicks]


class PicturePart(_Part):
    """An image (base64, or a data URL) and its prompts."""

    image_base64: Base64Image
    prompts: list[PromptPart] = Field(min_length=1, max_length=MOST_PROMPTS)


class _Options(_Part):
    multimask: bool = Field(
        True, description="return several candidates for an ambiguous prompt, not one"
    )
    return_prob: bool = Field(
        False, description="return masks as probabilities, 0..255, not as 0 and 255"
    )


class SegmentRequest(PromptPart, _Options):
    """A request with one image and one prompt."""

    image_base64: Base64Image

    def as_batch(self) -> "BatchRequest":
        """Returns the request as a batch of one image and one prompt."""
        prompt = PromptPart(
            points=self.points, clicks=self.clicks, box=self.box, outline=self.outline
        )
        picture = PicturePart(image_base64=self.image_base64, prompts=[prompt])
        return BatchRequest(
            images=[picture], multimask=self.multimask, return_prob=self.return_prob
        )


class BatchRequest(_Options):
    """A request with several images, and several prompts for each."""

    images: list[PicturePart] = Field(min_length=1, max_length=MOST_PICTURES)


class SegmenterPart(_Part):
    """The segmenter: `sam2` with its checkpoint and the checkpoint's revision, or `grabcut`.

    `device` is `cpu` or `cuda`, `runtime` what computes there, its version and its precision.
    """

    backend: str = Field(pattern=r"^[a-z0-9._-]+$", max_length=40)
    checkpoint: str | None = Field(None, pattern=r"^[\w./-]+$", max_length=150)
    revision: str | None = Field(None, pattern=r"^[\w.-]+$", max_length=64)
    device: str | None = Field(None, pattern=r"^[\w.-]+$", max_length=40)
    runtime: str | None = Field(None, pattern=r"^[\w.-]+$", max_length=64)

    @property
    def version(self) -> SegmenterVersion:
        """The version as in results: `facebook/sam2.1-hiera-large` becomes `sam2.1-hiera-large`."""
        name = self.checkpoint.rstrip("/").rpartition("/")[2] if self.checkpoint else ""
        return SegmenterVersion(name or self.backend, self.revision or "")


class Description(_Part):
    """The service's description of itself."""

    segmenter: SegmenterPart


class MaskAnswer(_Part):
    """All candidates for one prompt: PNGs of the image's size as base64, and their predicted IoUs.

    `mask_png_base64` is the candidate with the highest predicted IoU.
    """

    masks: list[str]
    scores: list[float]
    mask_png_base64: str


class SingleAnswer(MaskAnswer, Description):
    """The response to a request with one prompt, with the segmenter."""


class BatchAnswer(Description):
    """A response for each prompt of each image, in the request's order, with the segmenter."""

    images: list[list[MaskAnswer]]


class ErrorAnswer(_Part):
    """An error response: `error` says what is wrong with the request."""

    error: str


def single_request(
    crop: Crop, prompt: Prompt, names: FieldNames, *, multimask: bool
) -> dict[str, Any]:
    """Returns the request for one prompt, for any server."""
    payload: dict[str, Any] = {
        names.image: crop.base64,
        names.points: crop.points((*prompt.points, *prompt.clicks)),
        names.multimask: multimask,
        names.return_prob: False,
    }
    if names.box:
        payload[names.box] = crop.box(prompt)
    return payload


def batch_request(
    crops: Sequence[tuple[Crop, Sequence[Prompt]]], *, multimask: bool
) -> dict[str, Any]:
    """Returns the request for all prompts of all crops, for our own service.

    If a crop was scaled down, the request asks for probabilities. They locate an edge more
    precisely than to a pixel of the crop.
    """
    return {
        "images": [
            {
                "image_base64": crop.base64,
                "prompts": [_prompt(crop, prompt) for prompt in prompts],
            }
            for crop, prompts in crops
        ],
        "multimask": multimask,
        "return_prob": any(crop.is_shrunk for crop, _ in crops),
    }


def _prompt(crop: Crop, prompt: Prompt) -> dict[str, Any]:
    part: dict[str, Any] = {"points": crop.points(prompt.points), "box": crop.box(prompt)}
    if prompt.clicks:
        part["clicks"] = crop.points(prompt.clicks)
    if prompt.has_further_parts:
        part["outline"] = crop.outline(prompt)
    return part


def segmenter_of(answer: Any) -> SegmenterVersion | None:
    """Returns the segmenter that any response of a service names; None if it names none."""
    try:
        return Description.model_validate(answer).segmenter.version
    except ValidationError:
        return None


def per_prompt(
    answer: Any, crops: Sequence[tuple[Crop, Sequence[Prompt]]]
) -> list[tuple[Any, Crop, Prompt]]:
    """Returns our own service's response to each prompt, with its crop and prompt.

    Raises:
        AnswerError: the response does not fit these crops and prompts.
    """
    answers = answer.get("images") if isinstance(answer, dict) else None
    if not isinstance(answers, list) or len(answers) != len(crops):
        raise AnswerError(f"images: want {len(crops)} lists, got {str(answer)[:80]}")
    entries = []
    for index, (masks, (crop, prompts)) in enumerate(zip(answers, crops, strict=True)):
        if not isinstance(masks, list) or len(masks) != len(prompts):
            raise AnswerError(
                f"images[{index}]: want {len(prompts)} answers, got {str(masks)[:80]}"
            )
        entries += [(mask, crop, prompt) for mask, prompt in zip(masks, prompts, strict=True)]
    return entries


def mask_answer(masks: Iterable[ScoredMask], *, return_prob: bool) -> MaskAnswer:
    """Returns our service's response for one prompt.

    Masks have the values 0 and 255, or 0..255 with `return_prob`.
    """
    encoded, scores = [], []
    for mask in masks:
        encoded.append(_png(mask, return_prob=return_prob))
        scores.append(round(mask.predicted_iou or 0.0, 4))
    return MaskAnswer(masks=encoded, scores=scores, mask_png_base64=encoded[int(np.argmax(scores))])


def scored(candidate: Candidate) -> ScoredMask:
    """Returns a candidate as a mask with the probabilities 0 and 1."""
    return ScoredMask(candidate.pixels.astype(np.float32), candidate.predicted_iou)


def _png(mask: ScoredMask, *, return_prob: bool) -> str:
    values = mask.values if return_prob else mask.values > 0.5
    grey = (values * np.float32(255)).round().astype(np.uint8)
    return base64.b64encode(png.encode_array(grey)).decode("ascii")
