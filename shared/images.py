"""Decoding uploads and encoding pictures."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import ExifTags, UnidentifiedImageError
from PIL import Image as PillowImage

from shared.errors import ReasonCode, Rejected
from shared.geometry import Image

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
CONTENT_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/jpg", "image/webp", "image/gif", "image/bmp",
     "image/x-ms-bmp", "image/tiff", "image/avif"}
)  # fmt: skip
UNDECLARED_TYPES = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""What upload tools declare for a file whose ending they do not know; the content decides."""

_JPEG_QUALITY, _WEBP_QUALITY = 92, 85
_BAND = 2**22
"""Bytes of pixels that are copied at a time."""

_START_OF_IMAGE = b"\xff\xd8"
_START_OF_SCAN, _END_OF_IMAGE = 0xDA, 0xD9
_JPEG_MARKER = re.compile(rb"\xff[\xc0-\xcf\xd9-\xfe]")
_MOST_SCANS = 100
"""Encoders write about ten."""

# Pillow's own limit warns at 89 megapixels and fails at 179; ours is a setting, checked before
# the first pixel is decoded.
PillowImage.MAX_IMAGE_PIXELS = None

_DEEP_GREY_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
_DEEP_GREY_WHITES = (1.0, 255.0, 65535.0)
"""What counts as white in a grey image deeper than 8 bits: the least of these that its brightest
pixel does not pass. Integer files use 65,535 whatever their brightest pixel."""


def check_before_download(content_type: str, size: int, max_bytes: int) -> None:
    """Refuses by what the upload declares, so that nothing is downloaded in vain.

    Raises:
        Rejected: empty, larger than `max_bytes`, or of a type that is no image we take.
    """
    if size == 0:
        raise Rejected(ReasonCode.EMPTY_FILE, "The file is empty (0 bytes).")
    if size > max_bytes:
        raise Rejected(
            ReasonCode.TOO_MANY_BYTES,
            f"The file has {size:,} bytes; at most {max_bytes:,} are taken (MAX_BYTES).",
        )
    declared = content_type.split(";", maxsplit=1)[0].strip().lower()
    if declared not in CONTENT_TYPES | UNDECLARED_TYPES:
        raise Rejected(
            ReasonCode.UNSUPPORTED_TYPE,
            f"The file was uploaded as {declared!r}; taken are {', '.join(FORMATS)} images.",
        )


def decode(data: bytes, max_pixels: int) -> Image:
    """The first frame as RGB uint8 (h, w, 3), upright as EXIF says, transparency over white.

    Raises:
        Rejected: not one of FORMATS, more than `max_pixels`, or broken.
    """
    with _as_rejection():
        picture = _opened(data, max_pixels)
        _check_scans(data)
        pixels = _sound_jpeg(picture, data)
        if pixels is None:
            picture.load()
            pixels = _pixels(_rgb(picture))
        return _upright(pixels, picture.getexif().get(ExifTags.Base.Orientation, 1))


def count_pixels(data: bytes, max_pixels: int) -> int:
    """Pixels of the first frame, as its header declares them; none of them is decoded.

    Raises:
        Rejected: not one of FORMATS, or more than `max_pixels`.
    """
    with _as_rejection():
        width, height = _opened(data, max_pixels).size
        return width * height


def _opened(data: bytes, max_pixels: int) -> PillowImage.Image:
    """The image with its header read, and no pixel."""
    picture = PillowImage.open(io.BytesIO(data), formats=FORMATS)
    width, height = picture.size
    if width * height > max_pixels:
        raise Rejected(
            ReasonCode.TOO_MANY_PIXELS,
            f"The image has {width} x {height} pixels; at most {max_pixels:,} in all are "
            "taken (MAX_PIXELS).",
        )
    return picture


def _sound_jpeg(picture: PillowImage.Image, data: bytes) -> Image | None:
    """The pixels, as stored, of a JPEG without any fault; None of all else.

    The same pixels as Pillow's, in half the time and without the copy that Pillow needs, which has
    four bytes a pixel. Whether a fault can be borne is left to Pillow, as are the rarer modes.
    """
    if picture.format != "JPEG" or picture.mode not in {"RGB", "L"}:
        return None
    pixels = np.empty((picture.height, picture.width, 3), np.uint8)
    try:
        decoded = simplejpeg.decode_jpeg(data, "RGB", buffer=pixels)
    except ValueError:
        return None
    return pixels if decoded.shape == pixels.shape else None


def _upright(pixels: Image, orientation: int) -> Image:
    """Pixels as stored, turned as EXIF's orientation, 1 to 8, says; any other number: not at all.

    CIPA DC-008 (EXIF 2.32), 4.6.4, tag 274: what the first row and column are on the screen.
    """
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def _check_scans(data: bytes) -> None:
    """Refuses a JPEG that would be decoded for hours: each scan costs a pass over all of it."""
    scans = 0
    for marker in _jpeg_markers(data):
        scans += marker == _START_OF_SCAN
        if scans > _MOST_SCANS:
            raise Rejected(
                ReasonCode.CORRUPT_IMAGE,
                f"The JPEG has more than {_MOST_SCANS} scans, which is the most that is taken.",
            )


def _jpeg_markers(data: bytes) -> Iterator[int]:
    """The second bytes of a JPEG's markers, up to its end; nothing of any other file.

    https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.1.1: in the compressed data 0xff is followed by
    0 or a restart marker, all other markers by the length of their segment. What comes behind the
    end (phones append videos there) is not looked at.
    """
    found = _JPEG_MARKER.search(data) if data.startswith(_START_OF_IMAGE) else None
    while found and found[0][1] != _END_OF_IMAGE:
        yield found[0][1]
        length = int.from_bytes(data[found.end() : found.end() + 2], "big")
        found = _JPEG_MARKER.search(data, found.end() + length)


def encode_webp(picture: Image) -> bytes:
    """An RGB (h, w, 3) array as a WebP for people to look at."""
    file = io.BytesIO()
    PillowImage.fromarray(picture).save(file, "WEBP", quality=_WEBP_QUALITY)
    return file.getvalue()


def encode_jpeg(picture: Image) -> bytes:
    """An RGB (h, w, 3) array as a JPEG of high quality, its colours at full resolution."""
    return simplejpeg.encode_jpeg(
        np.ascontiguousarray(picture), _JPEG_QUALITY, colorspace="RGB", colorsubsampling="444"
    )


@contextmanager
def _as_rejection() -> Iterator[None]:
    try:
        yield
    except Rejected:
        raise
    except UnidentifiedImageError as error:
        raise Rejected(
            ReasonCode.UNSUPPORTED_TYPE,
            f"The content is not an image of a type that is taken: {', '.join(FORMATS)}.",
        ) from error
    except MemoryError:
        raise
    except Exception as error:  # Pillow's decoders raise nearly anything on broken files
        raise Rejected(
            ReasonCode.CORRUPT_IMAGE, f"The image is broken and cannot be decoded ({error})."
        ) from error


def _pixels(picture: PillowImage.Image) -> Image:
    """An RGB picture as an array.

    Copied in bands: Pillow hands over a picture as a list of pieces, as all of them joined, and as
    the array, which for 48 megapixels takes three times the processor and 120 MB more.
    """
    width, height = picture.size
    pixels = np.empty((height, width, 3), np.uint8)
    step = max(1, _BAND // (3 * width))
    for top in range(0, height, step):
        bottom = min(top + step, height)
        pixels[top:bottom] = np.asarray(picture.crop((0, top, width, bottom)))
    return pixels


def _rgb(picture: PillowImage.Image) -> PillowImage.Image:
    if picture.mode == "RGB" and not picture.has_transparency_data:
        return picture
    if picture.mode in _DEEP_GREY_MODES:
        return PillowImage.fromarray(_eight_bits(np.asarray(picture))).convert("RGB")
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        white = PillowImage.new("RGBA", layered.size, "white")
        return PillowImage.alpha_composite(white, layered).convert("RGB")
    return picture.convert("RGB")


def _eight_bits(grey: npt.NDArray[np.generic]) -> npt.NDArray[np.uint8]:
    """Grey (h, w) of any depth as uint8; Pillow's own conversion clips at 255 instead."""
    values = np.nan_to_num(grey.astype(np.float32), posinf=0, neginf=0)
    brightest = float(values.max())
    whites = _DEEP_GREY_WHITES if grey.dtype.kind == "f" else _DEEP_GREY_WHITES[2:]
    white = next((white for white in whites if brightest <= white), brightest)
    return (values.clip(0) * (255 / white)).round().astype(np.uint8)
