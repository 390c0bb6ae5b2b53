"""Parses the known formats of a SAM2 server's response. Errors name the invalid field.

A response may be far smaller than its decoded content: a PNG of one colour has a thousandth of the
bytes. So JSON is rejected by an estimate of its decoded size, and masks by their declared size.
Masks are decoded one by one.
"""

import base64
import binascii
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage

from shared.decoding.jpeg import check_scans
from shared.imaging import rle
from shared.schemas.errors import Permanent, ReasonCode

MOST_MASK_PIXELS = 2**20
"""The size of SAM2's input, 1024 x 1024. No larger image is sent, so no larger mask is accepted."""

MOST_MASKS = 16
"""Limit for the masks of one prompt. SAM2 returns three. Chosen by hand: a higher limit accepts
responses that take longer to decode."""

_MOST_COUNTS = {
    b",": 4 * MOST_MASK_PIXELS + 2**10,
    b"[": 2**20,
    b"{": 2**16,
    b":": 2**16,
    b'"': 2**16,
}
"""Limits for characters in a response's JSON. They allow four masks as lists of numbers and few
other values. In Python a number takes about 36 bytes, a list with one number 100, a string 100, a
field 160 (tests/hostile/answers.py)."""

_MASK_FORMATS = ("PNG", "JPEG", "WEBP")

_LARGEST_NUMBER = 1e9
"""Limit for a score. JSON allows integers of any length, and Python's parser allows infinity."""

_ASPECT_TOLERANCE = 0.03
"""Allowed relative difference between the aspect ratios of a mask and its image. Square masks are
always accepted: low-resolution masks are square for any image. Chosen by hand: a higher tolerance
accepts masks of other images."""

_LIMIT = f"a mask has at most {MOST_MASK_PIXELS:,}"

Values = npt.NDArray[np.float32]


class AnswerError(Permanent):
    """A response in no known format. The message names the field and its value."""

    def __init__(self, what: object) -> None:
        super().__init__(
            ReasonCode.SAM2_BAD_ANSWER,
            f"The segmentation service's answer is not understood: {what}",
        )


@dataclass(frozen=True, slots=True, eq=False)
class ScoredMask:
    """Foreground probabilities 0..1, float32 (h, w), and the server's predicted IoU, if any.

    The mask covers the complete image that was sent. The server chooses its resolution.
    """

    values: Values
    predicted_iou: float | None


def parse_json(body: bytes) -> Any:
    """Parses JSON.

    Raises:
        AnswerError: the bytes are not JSON, or would need far more memory than masks need.
    """
    for character, most in _MOST_COUNTS.items():
        if body.count(character) > most:
            symbol = character.decode()
            raise AnswerError(f"{len(body):,} bytes of JSON have more than {most:,} times {symbol}")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"want JSON, got {len(body):,} bytes: {_excerpt(body)}") from error


def parse_answer(answer: Any, size: tuple[int, int]) -> Iterator[ScoredMask]:
    """Yields the masks of a response for an image of `size` (height, width), one by one.

    Raises:
        AnswerError: the format is unknown, a value is invalid, or all masks are empty.
    """
    if not isinstance(answer, Mapping):
        raise AnswerError(f"want a JSON object, got {_excerpt(answer)}")
    named = _masks(answer)
    scores = _scores(answer)
    if scores and len(scores) != len(named):
        raise AnswerError(f"scores: {len(scores)} for {len(named)} masks")
    found = False
    for index, (field, mask) in enumerate(named):
        values = _mask(mask, field)
        _check_shape(field, values.shape, size)
        found = found or bool((values > 0.5).any())
        yield ScoredMask(values, scores[index] if scores else None)
    if not found:
        raise AnswerError(f"{named[0][0]}: every mask is empty")


def _masks(answer: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Returns the encoded masks with the names of their fields."""
    if "masks" in answer:
        masks = answer["masks"]
        if not isinstance(masks, list) or not masks:
            raise AnswerError(f"masks: want a list of masks, got {_excerpt(masks)}")
        if len(masks) > MOST_MASKS:
            raise AnswerError(f"masks: want at most {MOST_MASKS}, got {len(masks):,}")
        return [(f"masks[{index}]", mask) for index, mask in enumerate(masks)]
    for field in ("mask_rle", "mask_png_base64"):
        if field in answer:
            return [(field, answer[field])]
    raise AnswerError(
        f"want masks, mask_rle or mask_png_base64, got the fields {_excerpt(sorted(answer))}"
    )


def _scores(answer: Mapping[str, Any]) -> list[float]:
    for field in ("scores", "iou_predictions"):
        values = answer.get(field)
        if values is None:
            continue
        if not isinstance(values, list) or not all(_is_number(value) for value in values):
            raise AnswerError(f"{field}: want a list of numbers, got {_excerpt(values)}")
        return [float(value) for value in values]
    return []


def _mask(mask: Any, field: str) -> Values:
    if field == "mask_rle" or isinstance(mask, Mapping):
        return _from_rle(mask, field)
    if field == "mask_png_base64" or isinstance(mask, str):
        return _from_png(mask, field)
    return _from_lists(mask, field)


def _from_png(text: Any, field: str) -> Values:
    try:
        data = decode_base64(text)
    except (AttributeError, binascii.Error, ValueError) as error:
        raise AnswerError(f"{field}: want a PNG as base64, got {_excerpt(text)}") from error
    return parse_picture(data, field)


def parse_picture(data: bytes, field: str) -> Values:
    """Decodes a mask from an image file whose grey values are 0/1 or 0..255.

    Returns float32 (h, w), 0..1.

    Raises:
        AnswerError: the file is no valid image, or too large.
    """
    try:
        picture = PillowImage.open(io.BytesIO(data), formats=_MASK_FORMATS)
        pixels = picture.width * picture.height
        check_scans(data)
        grey = _grey(picture) if pixels <= MOST_MASK_PIXELS else None
    except Exception as error:  # Pillow's decoders raise many types of errors on broken files
        raise AnswerError(f"{field}: the {len(data):,} bytes are not a complete image") from error
    if grey is None:
        raise AnswerError(f"{field}: {pixels:,} pixels are too many; {_LIMIT}")
    return _scaled(grey)


def _grey(picture: PillowImage.Image) -> Values:
    """Returns grey values 0..255, float32 (h, w). 16 bits are scaled; Pillow would clip them."""
    if picture.mode.startswith("I;16"):
        return np.asarray(picture).astype(np.float32) / np.float32(257)
    return np.asarray(picture.convert("L")).astype(np.float32)


def _from_rle(value: Any, field: str) -> Values:
    """Decodes {counts, size} or [counts, size]; counts are a list of runs or COCO's string."""
    if isinstance(value, Mapping):
        counts, size = value.get("counts"), value.get("size")
    elif isinstance(value, list) and len(value) == 2:
        counts, size = value
    else:
        raise AnswerError(f"{field}: want counts and size, got {_excerpt(value)}")
    if not (isinstance(size, list) and len(size) == 2 and all(_is_integer(edge) for edge in size)):
        raise AnswerError(f"{field}.size: want [height, width], got {_excerpt(size)}")
    height, width = size
    if not (height > 0 and width > 0 and height * width <= MOST_MASK_PIXELS):
        raise AnswerError(f"{field}.size: {height} x {width} is invalid; {_LIMIT}")
    if not isinstance(counts, str) and not (
        isinstance(counts, list) and all(_is_integer(run) for run in counts)
    ):
        raise AnswerError(f"{field}.counts: want runs or COCO's string, got {_excerpt(counts)}")
    try:
        return rle.decode(counts, (height, width)).astype(np.float32)
    except ValueError as error:
        raise AnswerError(f"{field}.counts: {error}") from error


def _from_lists(value: Any, field: str) -> Values:
    """Decodes [height][width] or [1][height][width] of booleans, 0/1, 0/255 or probabilities."""
    try:
        values = np.array(value, np.float32)
    except (TypeError, ValueError, OverflowError) as error:
        raise AnswerError(f"{field}: want rows of numbers, got {_excerpt(value)}") from error
    if values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 2 or not 0 < values.size <= MOST_MASK_PIXELS:
        raise AnswerError(f"{field}: want height x width numbers, got the shape {values.shape}")
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 255:
        raise AnswerError(f"{field}: numbers outside 0..255")
    return _scaled(values)


def _scaled(values: Values) -> Values:
    """Scales 0..255 to 0..1. Values that are all 0..1 stay unchanged."""
    return values / np.float32(255.0 if values.max(initial=0) > 1.001 else 1.0)


def _check_shape(field: str, shape: tuple[int, ...], size: tuple[int, int]) -> None:
    height, width = shape
    stretch = (width / height) / (size[1] / size[0])
    close = abs(np.log(stretch)) <= _ASPECT_TOLERANCE + 1 / height + 1 / width
    if height != width and not close:
        raise AnswerError(
            f"{field}: {width} x {height} does not fit the picture's {size[1]} x {size[0]}"
        )


def decode_base64(text: str) -> bytes:
    """Decodes base64, with or without line breaks, or a base64 data URL.

    Raises:
        binascii.Error: the text is not base64.
    """
    encoded = text.partition("base64,")[2] or text
    return base64.b64decode(encoded.replace("\r", "").replace("\n", ""), validate=True)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and -_LARGEST_NUMBER < value < _LARGEST_NUMBER


def _excerpt(value: Any) -> str:
    text = repr(value[:80] if isinstance(value, bytes | str | list) else value)
    return text if len(text) <= 80 else f"{text[:77]}..."
