"""Lossy encoders: WebP for previews, JPEG for SAM2."""

import io

import numpy as np
import simplejpeg
from PIL import Image as PillowImage

from shared.imaging.geometry import Image

_JPEG_QUALITY, _WEBP_QUALITY = 92, 85
"""Of 100: file size against artefacts. Higher for JPEG, because a model segments it, while WebP is
only for viewing. Chosen by hand."""


def encode_webp(picture: Image) -> bytes:
    """Encodes an RGB uint8 (h, w, 3) array as WebP, for viewing."""
    file = io.BytesIO()
    PillowImage.fromarray(picture).save(file, "WEBP", quality=_WEBP_QUALITY)
    return file.getvalue()


def encode_jpeg(picture: Image) -> bytes:
    """Encodes an RGB uint8 (h, w, 3) array as JPEG of high quality, without chroma subsampling."""
    return simplejpeg.encode_jpeg(
        np.ascontiguousarray(picture), _JPEG_QUALITY, colorspace="RGB", colorsubsampling="444"
    )
