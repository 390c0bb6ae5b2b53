"""An image file opened: its header read, its structure checked, and no pixel decoded."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import AvifImagePlugin, UnidentifiedImageError
from PIL import Image as PillowImage
from PIL.TiffImagePlugin import TiffImageFile

from shared.decoding import jpeg, tiff, webp
from shared.decoding.formats import FORMATS
from shared.schemas.errors import ReasonCode, Rejected

# Pillow's own limit warns at 89 megapixels and fails at 179; ours is a setting, checked before
# the first pixel is decoded.
PillowImage.MAX_IMAGE_PIXELS = None
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each has frames of its own in memory

_BYTES_PER_PIXEL = {"PNG": 6, "BMP": 6, "GIF": 6, "TIFF": 8, "JPEG": 15, "WEBP": 16, "AVIF": 20}
"""Memory that decoding takes at most, beside the file and the pixels that come of it: no less than
`python -m tools.hostile.costs` measures, with room for what it has no files of, as AVIFs of 12 bits
and turned pictures. A WebP's decoder has two canvases for animations and Pillow copies what it
makes twice; a progressive JPEG is in memory as coefficients."""

_CANVAS_BYTES_PER_PIXEL = 8
"""Two canvases: https://github.com/webmproject/libwebp/blob/v1.6.0/src/demux/anim_decode.c."""

MOST_BYTES_PER_PIXEL = max(_BYTES_PER_PIXEL.values())

_MOST_SIDE = 100_000
"""Pixels. Much of the work is done row by row: one of 1 x 49,000,000 took twelve times as long as a
square. The longest formats, PNG and TIFF apart, have 65,535."""

_SECONDS, _SECONDS_PER_MEGAPIXEL = 4.0, 0.4
"""Processor time that decoding may take: three times the slowest honest file's, an AVIF with
transparency, by `python -m tools.hostile.costs`."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An open file: what is known before it is decoded.

    `memory` are bytes that decoding takes at most beside the file and the image, `seconds` the
    processor time that it is given.
    """

    picture: PillowImage.Image
    data: bytes
    pixels: int
    memory: int
    seconds: float


def opened(data: bytes, max_pixels: int) -> Opened:
    """Reads the header.

    Raises:
        Rejected: not one of FORMATS, more than `max_pixels`, or of a structure that would take
            more work than any image of its size.
    """
    _check_pixels(*webp.canvas(data), max_pixels)
    with as_rejection():
        picture = PillowImage.open(io.BytesIO(data), formats=FORMATS)
        width, height = picture.size
        _check_pixels(width, height, max_pixels)
        decoded = width * height
        jpeg.check_scans(data)
        if isinstance(picture, TiffImageFile):
            decoded = tiff.decoded_pixels(picture, len(data), max_pixels)
        return Opened(
            picture,
            data,
            pixels=width * height,
            memory=decoded * _BYTES_PER_PIXEL.get(picture.format or "", MOST_BYTES_PER_PIXEL),
            seconds=_SECONDS + _SECONDS_PER_MEGAPIXEL * decoded / 1e6,
        )


def _check_pixels(width: int, height: int, max_pixels: int) -> None:
    if max(width, height) > _MOST_SIDE:
        raise Rejected(
            ReasonCode.TOO_MANY_PIXELS,
            f"The image has {width} x {height} pixels; a side has at most {_MOST_SIDE:,}.",
        )
    if width * height > max_pixels:
        raise Rejected(
            ReasonCode.TOO_MANY_PIXELS,
            f"The image has {width} x {height} pixels; the limit is {max_pixels:,} (MAX_PIXELS).",
        )


def memory_to_open(data: bytes) -> int:
    """Bytes that reading the header takes at most: a WebP's canvases are there from the start."""
    width, height = webp.canvas(data)
    return 2 * len(data) + _CANVAS_BYTES_PER_PIXEL * width * height


@contextmanager
def as_rejection() -> Iterator[None]:
    """Raises Rejected for whatever Pillow raises on a broken file."""
    try:
        yield
    except Rejected:
        raise
    except UnidentifiedImageError as error:
        raise Rejected(
            ReasonCode.UNSUPPORTED_TYPE,
            f"This isn't a supported image format. Supported formats: {', '.join(FORMATS)}.",
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on broken files
        raise Rejected(
            ReasonCode.CORRUPT_IMAGE, f"The image is broken and cannot be decoded ({error})."
        ) from error
