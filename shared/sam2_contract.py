"""The JSON that SAM2 servers speak: requests built, every known answer understood.

Used by both sides: the client in the segmentation function and the service in functions/sam2.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, Strict

from shared import images, masks, rle
from shared.geometry import BoolMask, Image, shrunk
from shared.masks import Candidate
from shared.prompts import Prompt

LONG_SIDE = 1024
"""SAM2 sees 1024 x 1024 whatever it is sent, so nothing larger travels."""

_LARGEST_CLAIM = 64 * 2**20
"""Most pixels in a mask that an answer may claim."""


class AnswerError(ValueError):
    """An answer that is not in any of the known formats; says which field and what came."""


@dataclass(frozen=True, slots=True)
class FieldNames:
    """How the server at hand calls the request's fields; an empty box name leaves the box out."""

    image: str = "image_base64"
    points: str = "points"
    box: str = "box"
    multimask: str = "multimask"
    return_prob: str = "return_prob"


class SegmentRequest(BaseModel):
    """A request under its standard field names, as our own service reads it."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    image_base64: str = Field(min_length=1)
    points: list[tuple[float, float, Literal[0, 1]]] = Field(default=[], max_length=1024)
    box: tuple[float, float, float, float] | None = None
    multimask: bool = True
    return_prob: Annotated[bool, Strict()] = False


def decode_base64(text: str) -> bytes:
    """The bytes of plain base64 or of a data URL; binascii.Error where it is neither."""
    return base64.b64decode(text.partition("base64,")[2] or text, validate=True)


def build_request(crop: Image, prompt: Prompt, names: FieldNames) -> dict[str, Any]:
    """The request's JSON for the RGB pixels of the prompt's window.

    Points and box are in pixels of the image that is sent.
    """
    pixels = shrunk(crop, LONG_SIDE)
    across, down = pixels.shape[1] / crop.shape[1], pixels.shape[0] / crop.shape[0]
    left, top = prompt.crop.x0, prompt.crop.y0
    payload: dict[str, Any] = {
        names.image: base64.b64encode(images.encode_png(pixels)).decode("ascii"),
        names.points: [
            [int((x - left + 0.5) * across), int((y - top + 0.5) * down), label]
            for x, y, label in prompt.points
            if prompt.crop.holds(x, y)
        ],
        names.multimask: True,
        names.return_prob: False,
    }
    if names.box:
        x0, y0, x1, y1 = prompt.box.shifted(-left, -top)
        payload[names.box] = [
            round(x0 * across), round(y0 * down), round(x1 * across), round(y1 * down)
        ]  # fmt: skip
    return payload


def build_answer(candidates: Sequence[Candidate]) -> dict[str, Any]:
    """Our service's answer: all candidates with scores, the best also as `mask_png_base64`."""
    encoded = [
        base64.b64encode(images.encode_png(masks.picture(candidate.pixels))).decode("ascii")
        for candidate in candidates
    ]
    scores = [round(candidate.predicted_iou or 0.0, 4) for candidate in candidates]
    best = int(np.argmax(scores))
    return {"masks": encoded, "scores": scores, "mask_png_base64": encoded[best]}


def parse_answer(answer: Any, size: tuple[int, int]) -> list[Candidate]:
    """Candidates of `size` (height, width) from a server's answer.

    Raises:
        AnswerError: nothing in it is understood, or what is there makes no sense.
    """
    if not isinstance(answer, Mapping):
        raise AnswerError(f"want a JSON object, got {_shown(answer)}")
    scores = _scores(answer)
    if "masks" in answer:
        found = answer["masks"]
        if not isinstance(found, list) or not found:
            raise AnswerError(f"masks: want a list of masks, got {_shown(found)}")
        maps = [_any_mask(mask, f"masks[{index}]") for index, mask in enumerate(found)]
    elif "mask_rle" in answer:
        maps = [_from_rle(answer["mask_rle"], "mask_rle")]
    elif "mask_png_base64" in answer:
        maps = [_from_png(answer["mask_png_base64"], "mask_png_base64")]
    else:
        raise AnswerError(
            f"want masks, mask_rle or mask_png_base64, got the fields {_shown(sorted(answer))}"
        )
    if scores and len(scores) != len(maps):
        raise AnswerError(f"scores: {len(scores)} for {len(maps)} masks")
    return [
        Candidate(_resized(values, size), scores[index] if scores else None)
        for index, values in enumerate(maps)
    ]


def _scores(answer: Mapping[str, Any]) -> list[float]:
    for field in ("scores", "iou_predictions"):
        values = answer.get(field)
        if values is None:
            continue
        if not isinstance(values, list) or not all(_is_number(value) for value in values):
            raise AnswerError(f"{field}: want a list of numbers, got {_shown(values)}")
        return [float(value) for value in values]
    return []


def _any_mask(mask: Any, field: str) -> npt.NDArray[np.float32]:
    if isinstance(mask, str):
        return _from_png(mask, field)
    if isinstance(mask, Mapping):
        return _from_rle(mask, field)
    return _from_lists(mask, field)


def _from_png(text: Any, field: str) -> npt.NDArray[np.float32]:
    """Foreground probability 0..1, float32 (h, w), of a grey PNG as base64."""
    try:
        data = decode_base64(text)
    except (AttributeError, binascii.Error, ValueError) as error:
        raise AnswerError(f"{field}: want a PNG as base64, got {_shown(text)}") from error
    if len(data) < 24 or int.from_bytes(data[16:20]) * int.from_bytes(data[20:24]) > _LARGEST_CLAIM:
        raise AnswerError(f"{field}: no PNG of a sensible size, {len(data)} bytes")
    grey = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        raise AnswerError(f"{field}: the {len(data)} bytes are not an image")
    values = grey.astype(np.float32)
    return values / (255.0 if values.max(initial=0) > 1 else 1.0)


def _from_rle(value: Any, field: str) -> npt.NDArray[np.float32]:
    """0 or 1, float32 (h, w), of {counts, size} or [counts, size]; plain runs or COCO's string."""
    if isinstance(value, Mapping):
        counts, size = value.get("counts"), value.get("size")
    elif isinstance(value, list) and len(value) == 2:
        counts, size = value
    else:
        raise AnswerError(f"{field}: want counts and size, got {_shown(value)}")
    if not (isinstance(size, list) and len(size) == 2 and all(_is_whole(edge) for edge in size)):
        raise AnswerError(f"{field}.size: want [height, width], got {_shown(size)}")
    height, width = size
    if not (height > 0 and width > 0 and height * width <= _LARGEST_CLAIM):
        raise AnswerError(f"{field}.size: {height} x {width} makes no sense")
    if not isinstance(counts, str) and not (
        isinstance(counts, list) and all(_is_whole(run) for run in counts)
    ):
        raise AnswerError(f"{field}.counts: want runs or COCO's string, got {_shown(counts)}")
    try:
        return rle.decode(counts, (height, width)).astype(np.float32)
    except ValueError as error:
        raise AnswerError(f"{field}.counts: {error}") from error


def _from_lists(value: Any, field: str) -> npt.NDArray[np.float32]:
    """Nested lists of booleans, 0/1, 0/255 or probabilities as float32 (h, w) in 0..1."""
    try:
        values = np.array(value, np.float32)
    except (TypeError, ValueError) as error:
        raise AnswerError(f"{field}: want rows of numbers, got {_shown(value)}") from error
    if values.ndim != 2 or not values.size:
        raise AnswerError(f"{field}: want height x width numbers, got the shape {values.shape}")
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 255:
        raise AnswerError(f"{field}: numbers outside 0..255")
    return values / np.float32(255.0 if values.max() > 1 else 1.0)


def _resized(values: npt.NDArray[np.float32], size: tuple[int, int]) -> BoolMask:
    """The probabilities at `size`, interpolated so that a small mask gives no staircase."""
    if values.shape != size:
        values = np.asarray(
            cv2.resize(values, (size[1], size[0]), interpolation=cv2.INTER_LINEAR), np.float32
        )
    return values > 0.5


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and np.isfinite(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
