"""Decodes an image file to RGB pixels."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import ExifTags
from PIL import Image as PillowImage

from shared.decoding.header import OpenImage, as_rejection, read_header

if TYPE_CHECKING:  # it imports OpenCV, which would be in the memory of each decoding process
    from shared.imaging.geometry import Image

_BAND = 2**22
"""Bytes of RGB pixels that are converted at a time. Chosen by hand: larger bands need more memory,
smaller ones more calls."""

_THUMBNAIL_QUALITY = 85
"""WebP quality of thumbnails, 0..100. Chosen by hand: a higher quality makes larger files."""

_DEEP_GREY_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
_DEEP_GREY_WHITES = (1.0, 255.0, 65535.0)
"""Candidates for the white level of a grey image with more than 8 bits. The smallest one that no
pixel exceeds is used. Integer files always use at least 65,535."""


def decode(data: bytes, max_pixels: int) -> "Image":
    """Returns the first frame, RGB uint8 (h, w, 3), upright by EXIF, composed over white.

    Decodes in the calling process. For untrusted files, use `Sandbox`.

    Raises:
        Rejected: the file is in none of FORMATS, has more than `max_pixels`, or is broken.
    """
    file = read_header(data, max_pixels)
    buffer = np.empty(3 * file.pixels, np.uint8)
    return buffer.reshape(decode_into(file, buffer))


def decode_into(file: OpenImage, buffer: npt.NDArray[np.uint8]) -> tuple[int, int, int]:
    """Writes the pixels that `decode` returns into `buffer`; returns their shape (h, w, 3).

    `buffer` is a flat array of 3 * `file.pixels` values.

    Raises:
        Rejected: the file is broken.
    """
    with as_rejection():
        picture = file.picture
        is_decoded = _decode_valid_jpeg(file, buffer)
        if not is_decoded:
            picture.load()
        orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
        stored = buffer.reshape(picture.height, picture.width, 3)
        if not is_decoded:
            _convert(picture, stored)
        if orientation not in _TURNS:
            return picture.height, picture.width, 3
        turned = _upright(stored.copy(), orientation)
        buffer.reshape(turned.shape)[...] = turned
        height, width, channels = turned.shape
        return height, width, channels


def thumbnail(file: OpenImage, side: int, *, over_white: bool) -> bytes:
    """Returns the first frame as a WebP, scaled down to fit into a square of `side` pixels.

    With `over_white`, the frame is converted as in `decode`. Else it is used as stored, and
    transparent pixels stay transparent.

    Raises:
        Rejected: the file is broken.
    """
    with as_rejection():
        if over_white:
            buffer = np.empty(3 * file.pixels, np.uint8)
            picture = PillowImage.fromarray(buffer.reshape(decode_into(file, buffer)))
        else:
            picture = file.picture
            picture.load()
        picture.thumbnail((side, side))
        written = io.BytesIO()
        picture.save(written, "WEBP", quality=_THUMBNAIL_QUALITY)
        return written.getvalue()


def _decode_valid_jpeg(file: OpenImage, buffer: npt.NDArray[np.uint8]) -> bool:
    """Decodes a JPEG that has no errors, without rotation; returns False for any other file.

    The pixels equal Pillow's. simplejpeg needs half the time, and not Pillow's copy of four bytes
    per pixel. Pillow decodes files with errors that it tolerates, and rarer modes.
    """
    picture = file.picture
    if picture.format != "JPEG" or picture.mode not in {"RGB", "L"}:
        return False
    stored = buffer.reshape(picture.height, picture.width, 3)
    try:
        return simplejpeg.decode_jpeg(file.data, "RGB", buffer=stored).shape == stored.shape
    except ValueError:
        return False


_TURNS = frozenset(range(2, 9))
"""Values of EXIF's orientation that need a rotation or reflection."""


def _upright(pixels: "Image", orientation: int) -> "Image":
    """Returns a view of the stored pixels, rotated or reflected by EXIF's orientation, 2 to 8.

    The orientation says where the first row and column are on the screen (CIPA DC-008, EXIF 2.32,
    4.6.4, tag 274).
    """
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return pixels


def _convert(picture: PillowImage.Image, pixels: "Image") -> None:
    """Writes a loaded picture as RGB into `pixels`, an array of its size.

    It converts in bands, because each step of a conversion needs four bytes per pixel.
    """
    if picture.mode in _DEEP_GREY_MODES:
        white = _white([_brightest(np.asarray(band)) for _, band in _bands(picture)], picture.mode)
        for rows, band in _bands(picture):
            pixels[rows] = _eight_bits(np.asarray(band), white)[..., np.newaxis]
        return
    for rows, band in _bands(picture):
        pixels[rows] = np.asarray(_rgb(band))


def _bands(picture: PillowImage.Image) -> Iterator[tuple[slice, PillowImage.Image]]:
    """Yields the picture in bands of rows, from top to bottom."""
    width, height = picture.size
    step = max(1, _BAND // (3 * width))
    for top in range(0, height, step):
        bottom = min(top + step, height)
        yield slice(top, bottom), picture.crop((0, top, width, bottom))


def _rgb(picture: PillowImage.Image) -> PillowImage.Image:
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        white = PillowImage.new("RGBA", layered.size, "white")
        return PillowImage.alpha_composite(white, layered).convert("RGB")
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _brightest(grey: npt.NDArray[np.generic]) -> float:
    return float(_finite(grey).max())


def _white(brightest: list[float], mode: str) -> float:
    """Returns the white level, from the maximum of each band."""
    whites = _DEEP_GREY_WHITES if mode == "F" else _DEEP_GREY_WHITES[2:]
    return next((white for white in whites if max(brightest) <= white), max(brightest))


def _eight_bits(grey: npt.NDArray[np.generic], white: float) -> npt.NDArray[np.uint8]:
    """Scales grey values (h, w) of any depth to uint8. Pillow's conversion would clip at 255."""
    return (_finite(grey).clip(0) * (255 / white)).round().astype(np.uint8)


def _finite(grey: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    return np.nan_to_num(grey.astype(np.float32), posinf=0, neginf=0)
