"""The formats of a dataset, and the files of each.

Text files belong to one image. COCO's documents have all images of a subset; they are put together
from lines, which can wait in any order and place.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product
from typing import Literal

from shared.export import coco, labelme, svg, yolo
from shared.export.labelled_image import CLASSES, LabelledImage, LabelledInstance
from shared.export.places import Place, Subset, subsets
from shared.schemas.documents import MOST_INSTANCES

Section = Literal["images", "annotations"]
"""The two lists of a COCO document."""


class Format(StrEnum):
    """A format of a dataset."""

    COCO = "coco"
    COCO_RLE = "coco-rle"
    YOLO = "yolo"
    LABELME = "labelme"
    SVG = "svg"
    CUTOUTS = "cutouts"


COCO_FOLDERS = {Format.COCO: "annotations", Format.COCO_RLE: "annotations-rle"}
"""The formats that have one document for each subset, with the folders of these documents."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file of a dataset. `path` is relative to the dataset's folder."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """An entry of a list of a COCO document."""

    document: str
    section: Section
    text: str


def text_files(
    image: LabelledImage, formats: Collection[Format], *, with_images: bool
) -> Iterator[TextFile]:
    """Yields the text files of one image. With `with_images`, the dataset has the images, too."""
    place, subset = image.place, image.subset
    if Format.YOLO in formats:
        yield TextFile(place.file(subset, "labels", ".txt"), yolo.label_text(image))
    if Format.LABELME in formats:
        yield TextFile(place.file(subset, "images", ".json"), labelme.file_text(image))
    if Format.SVG in formats:
        text = svg.file_text(image, linked=with_images)
        yield TextFile(place.file(subset, "svg", ".svg"), text)


def lines(image: LabelledImage, formats: Collection[Format]) -> Iterator[Line]:
    """Yields the entries of one image in COCO's documents."""
    for each in COCO_FOLDERS:
        if each in formats:
            document = _document(each, image.subset)
            yield Line(document, "images", coco.image_line(image))
            annotations = coco.annotation_lines(image, polygons=each is Format.COCO)
            yield from (Line(document, "annotations", text) for text in annotations)


def documents(formats: Collection[Format], share: float) -> list[str]:
    """Returns the paths of COCO's documents. One without any line is written, too."""
    return [
        _document(each, subset)
        for each in COCO_FOLDERS
        if each in formats
        for subset in subsets(share)
    ]


def common_files(formats: Collection[Format], share: float) -> Iterator[TextFile]:
    """Yields the files that do not depend on the images."""
    if Format.YOLO in formats:
        yield TextFile("data.yaml", yolo.data_yaml(share))


def possible_files(place: Place, subset: Subset, formats: Collection[Format]) -> Iterator[str]:
    """Yields the paths of all files that an image can have in the formats, with itself."""
    for kind, ending in (
        ("images", None),
        ("images", ".json"),
        ("labels", ".txt"),
        ("svg", ".svg"),
    ):
        yield place.file(subset, kind, ending)
    if Format.CUTOUTS in formats:
        for label, number in product(CLASSES, range(1, MOST_INSTANCES + 1)):
            yield place.file(subset, "cutouts", f"--{label}-{number}.png")


def cutout_path(image: LabelledImage, instance: LabelledInstance) -> str:
    """Returns the path of the cutout of an instance."""
    return image.place.file(image.subset, "cutouts", f"--{instance.id}.png")


def _document(each: Format, subset: Subset) -> str:
    return f"{COCO_FOLDERS[each]}/instances_{subset}.json"
