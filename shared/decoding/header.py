"""Opens an image file: reads its header and checks its structure, without decoding pixels."""

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

# Pillow's own limit warns at 89 megapixels and fails at 179. Our limit is a setting.
PillowImage.MAX_IMAGE_PIXELS = None
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # each thread holds its own frames in memory

_BYTES_PER_PIXEL = {"PNG": 6, "BMP": 6, "GIF": 6, "TIFF": 8, "JPEG": 15, "WEBP": 16, "AVIF": 20}
"""Limit for the memory that decoding needs, in bytes per pixel, without the file and the decoded
pixels. The values are at least those that `python -m tools.hostile.costs` measures
(docs/operations.md), with a reserve for files that it does not generate, such as AVIFs of 12 bits
and rotated images. The WebP decoder has two canvases for animations, and Pillow copies its output
twice. A progressive JPEG is in memory as coefficients."""

_CANVAS_BYTES_PER_PIXEL = 8
"""Bytes per pixel that opening a WebP needs: it allocates two canvases of 4 bytes per pixel
(https://github.com/webmproject/libwebp/blob/v1.6.0/src/demux/anim_decode.c)."""

MOST_BYTES_PER_PIXEL = max(_BYTES_PER_PIXEL.values())
"""Limit for the memory of the most expensive format, in bytes per pixel."""

_MOST_SIDE = 100_000
"""Limit for width and height, in pixels. Much of the work is done row by row, so an image of
1 x 49,000,000 pixels took twelve times as long as a square one. Except for PNG and TIFF, no format
allows more than 65,535."""

_SECONDS, _SECONDS_PER_MEGAPIXEL = 4.0, 0.4
"""Limit for the processor time of decoding, in seconds: three times that of the slowest valid file
that `python -m tools.hostile.costs` measures (docs/operations.md), an AVIF with transparency."""


@dataclass(frozen=True, slots=True)
class OpenImage:
    """An image file whose header has been read.

    `pixels` is width times height. `memory` limits the bytes that decoding may use in addition to
    the file and the decoded image; `seconds` limits its processor time.
    """

    picture: PillowImage.Image
    data: bytes
    pixels: int
    memory: int
    seconds: float

    def seconds_for(self, frames: int) -> float:
        """Returns the limit for the processor time to decode several frames of this size."""
        return self.seconds + (frames - 1) * _SECONDS_PER_MEGAPIXEL * self.pixels / 1e6


def read_header(data: bytes, max_pixels: int) -> OpenImage:
    """Reads the header and checks the structure.

    Raises:
        Rejected: the file is in none of FORMATS, has more than `max_pixels`, or would take more
            work than any valid image of its size.
    """
    check_pixels(*webp.canvas(data), max_pixels)
    with as_rejection():
        picture = PillowImage.open(io.BytesIO(data), formats=FORMATS)
        jpeg.check_scans(data)
        return opened(picture, data, max_pixels)


def opened(picture: PillowImage.Image, data: bytes, max_pixels: int) -> OpenImage:
    """Returns the current frame of a picture, after checks of its size and structure.

    Raises:
        Rejected: as in `read_header`.
    """
    with as_rejection():
        width, height = picture.size
        check_pixels(width, height, max_pixels)
        decoded = width * height
        if isinstance(picture, TiffImageFile):
            decoded = tiff.decoded_pixels(picture, len(data), max_pixels)
        return OpenImage(
            picture,
            data,
            pixels=width * height,
            memory=decoded * _BYTES_PER_PIXEL.get(picture.format or "", MOST_BYTES_PER_PIXEL),
            seconds=_SECONDS + _SECONDS_PER_MEGAPIXEL * decoded / 1e6,
        )


def check_pixels(width: int, height: int, max_pixels: int) -> None:
    """Raises Rejected for an image with more than `max_pixels`, or a very long side."""
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
    """Returns the maximum number of bytes that `read_header` needs.

    The decoder of a WebP allocates its canvases when it opens the file.
    """
    width, height = webp.canvas(data)
    return 2 * len(data) + _CANVAS_BYTES_PER_PIXEL * width * height


@contextmanager
def as_rejection() -> Iterator[None]:
    """Converts Pillow's errors about a broken file to Rejected. A MemoryError passes through."""
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
    except Exception as error:  # Pillow's decoders raise many types of errors on broken files
        raise Rejected(
            ReasonCode.CORRUPT_IMAGE, f"The image is broken and cannot be decoded ({error})."
        ) from error
