"""The pixels of an image file, as RGB."""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import simplejpeg
from PIL import ExifTags
from PIL import Image as PillowImage

from shared.decoding.header import Opened, as_rejection, opened

if TYPE_CHECKING:  # it brings OpenCV, which each process that decodes would have in memory
    from shared.imaging.geometry import Image

_BAND = 2**22
"""Bytes of pixels that are converted at a time."""

_THUMBNAIL_QUALITY = 85
"""Of WebP, 0..100."""

_DEEP_GREY_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I", "F"})
_DEEP_GREY_WHITES = (1.0, 255.0, 65535.0)
"""What counts as white in a grey image deeper than 8 bits: the least of these that its brightest
pixel does not pass. Integer files use 65,535 whatever their brightest pixel."""


def decode(data: bytes, max_pixels: int) -> "Image":
    """The first frame as RGB uint8 (h, w, 3), upright as EXIF says, transparency over white.

    In this very process: for files of strangers, that is what `Sandbox` is for.

    Raises:
        Rejected: not one of FORMATS, more than `max_pixels`, or broken.
    """
    file = opened(data, max_pixels)
    buffer = np.empty(3 * file.pixels, np.uint8)
    return buffer.reshape(decode_into(file, buffer))


def decode_into(file: Opened, buffer: npt.NDArray[np.uint8]) -> tuple[int, int, int]:
    """Writes what `decode` returns into a flat array of 3 x `file.pixels`; its shape (h, w, 3).

    Raises:
        Rejected: the file is broken.
    """
    with as_rejection():
        picture = file.picture
        by_turbo = _sound_jpeg(file, buffer)
        if not by_turbo:
            picture.load()
        orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
        stored = buffer.reshape(picture.height, picture.width, 3)
        if not by_turbo:
            _convert(picture, stored)
        if orientation not in _TURNS:
            return picture.height, picture.width, 3
        turned = _upright(stored.copy(), orientation)
        buffer.reshape(turned.shape)[...] = turned
        height, width, channels = turned.shape
        return height, width, channels


def thumbnail(file: Opened, side: int, *, over_white: bool) -> bytes:
    """The first frame as a WebP, scaled down to fit into a square of `side` pixels.

    `over_white`: as `decode` makes it; else as it is stored, and what is transparent stays so.

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


def _sound_jpeg(file: Opened, buffer: npt.NDArray[np.uint8]) -> bool:
    """Decodes a JPEG without any fault, as it is stored; False for all else.

    The same pixels as Pillow's, in half the time and without the copy that Pillow needs, which has
    four bytes a pixel. Whether a fault can be borne is left to Pillow, as are the rarer modes.
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


def _upright(pixels: "Image", orientation: int) -> "Image":
    """Pixels as stored, turned as EXIF's orientation, 2 to 8, says; a view.

    CIPA DC-008 (EXIF 2.32), 4.6.4, tag 274: what the first row and column are on the screen.
    """
    if orientation in {5, 6, 7, 8}:
        pixels = pixels.swapaxes(0, 1)
    if orientation in {2, 3, 6, 7}:
        pixels = pixels[:, ::-1]
    if orientation in {3, 4, 7, 8}:
        pixels = pixels[::-1]
    return pixels


def _convert(picture: PillowImage.Image, pixels: "Image") -> None:
    """A loaded picture as RGB, into an array of its size.

    In bands: whole, each step of a conversion would take four more bytes a pixel.
    """
    if picture.mode in _DEEP_GREY_MODES:
        white = _white([_brightest(np.asarray(band)) for _, band in _bands(picture)], picture.mode)
        for rows, band in _bands(picture):
            pixels[rows] = _eight_bits(np.asarray(band), white)[..., np.newaxis]
        return
    for rows, band in _bands(picture):
        pixels[rows] = np.asarray(_rgb(band))


def _bands(picture: PillowImage.Image) -> Iterator[tuple[slice, PillowImage.Image]]:
    """All rows, some at a time."""
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
    """What counts as white, by the brightest pixels of all bands."""
    whites = _DEEP_GREY_WHITES if mode == "F" else _DEEP_GREY_WHITES[2:]
    return next((white for white in whites if max(brightest) <= white), max(brightest))


def _eight_bits(grey: npt.NDArray[np.generic], white: float) -> npt.NDArray[np.uint8]:
    """Grey (h, w) of any depth as uint8; Pillow's own conversion clips at 255 instead."""
    return (_finite(grey).clip(0) * (255 / white)).round().astype(np.uint8)


def _finite(grey: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    return np.nan_to_num(grey.astype(np.float32), posinf=0, neginf=0)
