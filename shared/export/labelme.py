"""LabelMe's JSON: https://github.com/wkentaro/labelme/blob/main/labelme/_label_file.py.

Its polygons have no holes, so a hole is connected with its ring by a bridge.
"""

import json
from typing import Any

from shared.export.bridges import with_bridges
from shared.export.labelled_image import LabelledImage

_VERSION = "5.5.0"
"""A version of LabelMe that writes these fields. LabelMe reads files of other versions, too."""


def file_text(image: LabelledImage) -> str:
    """Returns the JSON file of an image, which lies beside the image.

    Each part of a mask is a polygon. The parts of one instance have the same `group_id`.
    """
    shapes = [
        {
            "label": instance.label,
            "points": with_bridges(part).tolist(),
            "group_id": number,
            "description": "",
            "shape_type": "polygon",
            "flags": {},
            "mask": None,
        }
        for number, instance in enumerate(image.instances, 1)
        for part in instance.outline.parts
    ]
    document: dict[str, Any] = {
        "version": _VERSION,
        "flags": {},
        "shapes": shapes,
        "imagePath": image.place.name().rpartition("/")[2],
        "imageData": None,
        "imageHeight": image.height,
        "imageWidth": image.width,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
