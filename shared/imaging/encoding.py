"""Encoding pictures for people and for SAM2."""

import io

import numpy as np
import simplejpeg
from PIL import Image as PillowImage

from shared.imaging.geometry import Image

_JPEG_QUALITY, _WEBP_QUALITY = 92, 85


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
