"""The annotation files of pictures whose masks the client has already."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import FailFast, Field

from shared.api.problems import Refused
from shared.api.request_models import RequestModel
from shared.export import coco, formats
from shared.export.formats import Format, Section
from shared.export.labelled_image import LabelledImage, labelled
from shared.export.places import Place, places, subset_of
from shared.runtime.deadline import Check
from shared.schemas import object_names
from shared.schemas.base import Record
from shared.schemas.documents import MOST_INSTANCES, RleModel
from shared.schemas.prompt import Label

TextFormat = Literal["coco", "coco-rle", "yolo", "labelme", "svg"]
"""The formats that the API offers: all but cutouts, which a browser has as pictures."""

Share = Annotated[float, Field(ge=0, le=1, description="expected share of images for training")]

_MOST_PICTURES = 1000
"""Limit for the pictures of a request: the page holds as many."""

_MOST_SIDE = 100_000
"""Limit for the sides of a picture, in pixels: that of uploads (shared/decoding/header.py)."""

_MOST_CHARACTERS = 64 * 2**20
"""Limit for the text of all files. Chosen by hand: a thousand pictures with a face of 1,000 pixels
each have 18 MB as COCO and 47 MB as YOLO. It limits memory, because polygons can be twenty times as
long as the RLE of a request."""


class ExportedInstance(RequestModel):
    """A face or hand, as in the response of /v1/face-mask-sam2. Other fields are ignored."""

    id: str = Field(pattern=f"^{object_names.INSTANCE}$")
    label: Label
    score: float = Field(ge=0, le=1)
    rle: RleModel


class ExportedPicture(RequestModel):
    """A picture with its instances; `width` and `height` are those of the response, in pixels."""

    name: str = Field(min_length=1, max_length=1024, description="file name; may have folders")
    width: int = Field(gt=0, le=_MOST_SIDE)
    height: int = Field(gt=0, le=_MOST_SIDE)
    instances: Annotated[tuple[ExportedInstance, ...], FailFast()] = Field(
        max_length=MOST_INSTANCES
    )


class PictureExport(RequestModel):
    """The pictures to export, and the dataset's options."""

    format: TextFormat
    pictures: Annotated[tuple[ExportedPicture, ...], FailFast()] = Field(max_length=_MOST_PICTURES)
    split: Share = 0.8
    empty: bool = Field(False, description="include pictures without faces and hands")
    images: bool = Field(
        False, description="whether the dataset has the images: an SVG links its own"
    )


class ExportedFiles(Record):
    """The text of each file by its path, and the path of each picture's image in the dataset.

    `images` are in the order of the request; null for a picture that is left out.
    """

    files: dict[str, str]
    images: tuple[str | None, ...]


@dataclass(slots=True)
class _Texts:
    """Files and lines, with a limit for their characters.

    Adding more raises Refused (413).
    """

    files: dict[str, str] = field(default_factory=dict)
    lines: defaultdict[tuple[str, Section], list[str]] = field(
        default_factory=lambda: defaultdict(list)
    )
    characters: int = 0

    def add(self, image: LabelledImage, chosen: Format, *, with_images: bool) -> None:
        for file in formats.text_files(image, [chosen], with_images=with_images):
            self._count(file.text)
            self.files[file.path] = file.text
        for line in formats.lines(image, [chosen]):
            self._count(line.text)
            self.lines[line.document, line.section].append(line.text)

    def _count(self, text: str) -> None:
        self.characters += len(text)
        if self.characters > _MOST_CHARACTERS:
            sentence = (
                f"The files have more than {_MOST_CHARACTERS:,} characters. Send fewer pictures, "
                "or use `make export`, which has no limit."
            )
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large-export", sentence)


def exported(request: PictureExport, check: Check) -> ExportedFiles:
    """Returns the annotation files of the pictures.

    Raises:
        Refused: two pictures have the same name, a mask is invalid, or the files are too large.
        Cancelled: raised by `check`, which is called before each picture.
    """
    chosen, texts = Format(request.format), _Texts()
    images: list[str | None] = []
    for number, (picture, place) in enumerate(_placed(request), 1):
        check()
        image = _image(number, picture, place, request.split)
        if image.instances or request.empty:
            texts.add(image, chosen, with_images=request.images)
            images.append(place.file(image.subset))
        else:
            images.append(None)
    for document in formats.documents([chosen], request.split):
        lines = (
            texts.lines.pop((document, "images"), []),
            texts.lines.pop((document, "annotations"), []),
        )
        texts.files[document] = "".join(coco.document_text(*lines))
    common = {file.path: file.text for file in formats.common_files([chosen], request.split)}
    return ExportedFiles(files=texts.files | common, images=tuple(images))


def _placed(request: PictureExport) -> Iterator[tuple[ExportedPicture, Place]]:
    counts = Counter(picture.name for picture in request.pictures)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise _bad_field(f"Two pictures have the name {json.dumps(twice[0])}.")
    return zip(request.pictures, places(list(counts)), strict=True)


def _image(number: int, picture: ExportedPicture, place: Place, share: float) -> LabelledImage:
    try:
        instances = labelled(picture.instances, picture.width, picture.height)
    except ValueError as error:
        raise _bad_field(f"The picture {json.dumps(picture.name)}: {error}.") from error
    subset = subset_of(picture.name, share)
    size = picture.width, picture.height
    return LabelledImage(number, picture.name, place, subset, *size, instances)


def _bad_field(sentence: str) -> Refused:
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "bad-field", sentence)
