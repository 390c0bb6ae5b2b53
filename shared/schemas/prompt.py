"""A SAM2 prompt as in prompts.json, and the options for prompts."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Literal, get_args

from pydantic import FailFast, Field

from shared.schemas.amounts import AS_TEXT, NOTHING, Amount, Limits
from shared.schemas.base import Record
from shared.schemas.box import Box
from shared.schemas.object_names import INSTANCE

Label = Literal["face", "hand"]
Side = Literal["left", "right"]
FacePart = Literal["skin", "hair", "beard", "ears"]
LabelledPixel = tuple[int, int, Literal[0, 1]]
"""A pixel (x, y) and its label: 1 inside the target, 0 outside."""
_SIZES = Limits(pixels=100_000, percent=100)
"""Limits of MIN_SIZE: no side of an image is longer."""

MinSize = Annotated[
    Amount,
    _SIZES.parser,
    AS_TEXT,
    _SIZES.schema,
    Field(
        description="smallest face or hand: the shorter side of its outline's bounds, in pixels, "
        "as `40`, or in per cent of the image's shorter side, as `5%`. Smaller ones are left out"
    ),
]
InstanceOrder = Annotated[
    Literal["score", "size"],
    Field(
        description="which faces and hands stay if there are more than MAX_INSTANCES: those with "
        "the highest `score`, or the largest (`size`)"
    ),
]

FACE_PARTS: tuple[FacePart, ...] = get_args(FacePart)
"""All parts of a face, in the order in which documents list them."""

MIN_SCORE = 0.5
"""Lowest score of a detection unless another is set: more probably a face or a hand than not."""

SKIN_ONLY: frozenset[FacePart] = frozenset({"skin"})
"""What a face consists of unless more is asked for. Skin is always among its parts."""

MOST_OUTLINE = 256
"""Limit for the points of an outline. The hull of a hand has at most 168, the oval of a face 36;
the outline of skin is made simpler until it has no more. The time to fill a polygon grows with its
points."""

MOST_POINTS = 512
"""Limit for the points of a prompt. A caller of the API may request 256 positive points."""


MOST_CLICKS = 64
"""Limit for a person's clicks on one instance. Chosen by hand: each costs time, and a person draws
a box instead long before."""


class Prompt(Record):
    """The SAM2 prompt for one instance, in pixels of the image.

    Coordinates are integers, but those of `polygon` are rounded to 1/100 pixel. `points` are (x, y,
    label), with label 1 inside the target and 0 outside; so are `clicks`, which come from a person:
    the mask has each on its side. `crop` is the window that SAM2 gets. `parts` are the parts of a
    face that `polygon` outlines; a hand, and a face of which only the oval is known, have none.
    """

    id: str = Field(pattern=f"^{INSTANCE}$")
    label: Label
    score: float = Field(ge=0, le=1)
    side: Side | None
    parts: tuple[FacePart, ...] = Field((), max_length=len(FACE_PARTS))
    polygon: Annotated[tuple[tuple[float, float], ...], FailFast()] = Field(
        min_length=3, max_length=MOST_OUTLINE
    )
    box: Box
    points: Annotated[tuple[LabelledPixel, ...], FailFast()] = Field(max_length=MOST_POINTS)
    clicks: Annotated[tuple[LabelledPixel, ...], FailFast()] = Field((), max_length=MOST_CLICKS)
    crop: Box

    @property
    def has_further_parts(self) -> bool:
        """Whether the outline has more parts of a face than skin."""
        return len(self.parts) > 1

    @property
    def positive(self) -> list[tuple[int, int]]:
        """The positive points and clicks, (x, y)."""
        return [(x, y) for x, y, label in (*self.points, *self.clicks) if label]

    @property
    def negative(self) -> list[tuple[int, int]]:
        """The negative points and clicks, (x, y)."""
        return [(x, y) for x, y, label in (*self.points, *self.clicks) if not label]


def ordered(parts: Collection[FacePart]) -> tuple[FacePart, ...]:
    """The parts in the order of FACE_PARTS."""
    return tuple(part for part in FACE_PARTS if part in parts)


@dataclass(frozen=True, slots=True)
class PromptOptions:
    """Options for prompts.

    `box_expand` is the margin on each side, as a share of the polygon's width and height.
    `max_instances`, `min_size` and `instance_order` choose the detections that get a prompt.
    """

    positive_points: int = 16
    box_expand: float = 0.15
    max_instances: int = 20
    min_size: Amount = NOTHING
    instance_order: InstanceOrder = "score"
