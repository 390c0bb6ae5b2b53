"""An image of a dataset with its instances: what all formats are written from."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from shared.export.outlines import Outline, trace
from shared.export.places import Place, Subset, subset_of
from shared.imaging.rle import Rle
from shared.schemas import object_names
from shared.schemas.documents import MOST_INSTANCES, ResultDocument, RleModel
from shared.schemas.prompt import Label

CLASSES: tuple[Label, ...] = ("face", "hand")
"""The names of the classes, in the order of their numbers. They are the same in every dataset, so
that datasets can be put together."""

MOST_RLE_CHARACTERS = 2**20
"""Limit for the masks of one image, in characters of RLE. They have at most four corners for each.
Chosen by hand: a disc takes two for each pixel of its diameter, so a hundred of 4,000 pixels fit.
It limits the memory for outlines to some hundred megabytes."""


class StoredInstance(Protocol):
    """What the formats need of an instance in result.json, or in a response of the API."""

    @property
    def id(self) -> str: ...  # noqa: D102

    @property
    def label(self) -> Label: ...  # noqa: D102

    @property
    def score(self) -> float: ...  # noqa: D102

    @property
    def rle(self) -> RleModel: ...  # noqa: D102


@dataclass(frozen=True, slots=True, eq=False)
class LabelledInstance:
    """One face or hand: its mask as RLE and as polygons, in the coordinates of the image."""

    id: str
    label: Label
    score: float
    rle: Rle
    outline: Outline


@dataclass(frozen=True, slots=True, eq=False)
class LabelledImage:
    """An upload with its instances. `number` is at least 1, and unique in the dataset.

    For a frame, `upload` is the name of its folder, such as `cat.gif/frame-0001`. All frames of an
    upload are in the same subset, because they look alike.

    `width` and `height` are those of the image as displayed, in pixels.
    """

    number: int
    upload: str
    place: Place
    subset: Subset
    width: int
    height: int
    instances: tuple[LabelledInstance, ...]


def image_of(document: ResultDocument, number: int, place: Place, share: float) -> LabelledImage:
    """Returns the image of a result; `share` of all images are for training.

    Raises:
        ValueError: its masks are invalid, or it has no size because it was never decoded.
    """
    source = document.source
    if source.width is None or source.height is None:
        raise ValueError("its result.json has no size of the image")
    instances = labelled(document.instances, source.width, source.height)
    size = source.width, source.height
    upload = source.folder.removesuffix("/") if source.frame else source.name
    subset = subset_of(source.name, share)
    return LabelledImage(number, upload, place, subset, *size, instances)


def labelled(
    instances: Iterable[StoredInstance], width: int, height: int
) -> tuple[LabelledInstance, ...]:
    """Returns the instances whose masks are not empty; `width` and `height` are the image's.

    Raises:
        ValueError: an id is unusual or occurs twice, a mask is invalid or has another size, or
            there are more than MOST_INSTANCES or MOST_RLE_CHARACTERS.
    """
    found: dict[str, LabelledInstance] = {}
    characters = 0
    for instance in instances:
        if not re.fullmatch(object_names.INSTANCE, instance.id) or instance.id in found:
            raise ValueError(f"an instance has the id {instance.id[:40]!r}")
        if len(found) == MOST_INSTANCES:
            raise ValueError(f"it has more than {MOST_INSTANCES} instances")
        rle = Rle(instance.rle.size, instance.rle.counts)
        if rle.size != (height, width):
            raise ValueError(f"the mask of {instance.id} has another size than the image")
        characters += len(rle.counts)
        if characters > MOST_RLE_CHARACTERS:
            raise ValueError(f"its masks have more than {MOST_RLE_CHARACTERS:,} characters of RLE")
        try:
            outline = trace(rle.counts, rle.size)
        except ValueError as error:
            raise ValueError(f"the mask of {instance.id} is invalid: {error}") from error
        found[instance.id] = LabelledInstance(
            instance.id, instance.label, instance.score, rle, outline
        )
    return tuple(instance for instance in found.values() if instance.outline.parts)
