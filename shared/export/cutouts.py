"""Cutouts of single instances, cropped to the bounds of their masks."""

import io

import numpy as np
from PIL import Image as PillowImage

from shared.export.labelled_image import LabelledImage, LabelledInstance
from shared.imaging import png


def cropped(cutout: bytes, image: LabelledImage, instance: LabelledInstance) -> bytes:
    """Returns a cutout of the image's size, RGBA as PNG, cropped to the box of the mask.

    It needs 4 bytes for each pixel of the image.

    Raises:
        ValueError: it is no PNG, or has no RGBA pixels, or another size than the image.
    """
    try:
        with PillowImage.open(io.BytesIO(cutout), formats=["PNG"]) as opened:
            if (opened.mode, opened.size) != ("RGBA", (image.width, image.height)):
                raise ValueError(f"the cutout of {instance.id} is {opened.mode} {opened.size}")
            part = np.asarray(opened.crop(instance.outline.box))
    except (OSError, SyntaxError, PillowImage.DecompressionBombError) as error:
        raise ValueError(f"the cutout of {instance.id} is broken: {error}") from error
    return png.encode_array(part)
