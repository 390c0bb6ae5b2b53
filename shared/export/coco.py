"""COCO instance segmentation: https://cocodataset.org/#format-data.

Polygons in COCO have no holes, so a hole is connected with its ring by a bridge. The variant with
RLE has the masks themselves. `iscrowd` is 0 in both, because each annotation is one object.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from shared import VERSION
from shared.export.bridges import with_bridges
from shared.export.labelled_image import CLASSES, LabelledImage, LabelledInstance
from shared.schemas.documents import MOST_INSTANCES


def image_line(image: LabelledImage) -> str:
    """Returns the entry of an image as JSON.

    `file_name` is relative to the folder of the image's subset; `upload` is a field of ours.
    """
    return _json(
        {
            "id": image.number,
            "file_name": image.place.name(),
            "width": image.width,
            "height": image.height,
            "upload": image.upload,
        }
    )


def annotation_lines(image: LabelledImage, *, polygons: bool) -> list[str]:
    """Returns the annotation of each instance as JSON; `score` is a field of ours.

    The ids depend on the image's number alone, so that images can be exported in any order.
    """
    return [
        _json(
            {
                "id": image.number * MOST_INSTANCES + number,
                "image_id": image.number,
                "category_id": CLASSES.index(instance.label) + 1,
                "segmentation": _polygons(instance) if polygons else instance.rle._asdict(),
                "area": instance.outline.area,
                "bbox": _bbox(instance),
                "iscrowd": 0,
                "score": instance.score,
            }
        )
        for number, instance in enumerate(image.instances)
    ]


def document_text(images: Iterable[str], annotations: Iterable[str]) -> Iterator[str]:
    """Yields the JSON of a document in pieces, from lines. One is in memory at a time.

    It has no date, so the same results give the same bytes.
    """
    categories = [
        {"id": number, "name": name, "supercategory": "person"}
        for number, name in enumerate(CLASSES, 1)
    ]
    info = {"description": "toonmask", "version": VERSION}
    yield f'{{"info":{_json(info)},"licenses":[],"categories":{_json(categories)},'
    yield '"images":['
    yield from _separated(images)
    yield '],"annotations":['
    yield from _separated(annotations)
    yield "]}\n"


def _separated(lines: Iterable[str]) -> Iterator[str]:
    separator = "\n"
    for line in lines:
        yield separator + line
        separator = ",\n"


def _polygons(instance: LabelledInstance) -> list[list[int]]:
    return [with_bridges(part).ravel().tolist() for part in instance.outline.parts]


def _bbox(instance: LabelledInstance) -> list[int]:
    box = instance.outline.box
    return [box.x0, box.y0, box.width, box.height]


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
