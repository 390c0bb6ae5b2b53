"""A SAM2 prompt as prompts.json holds it, and the settings that shape prompts."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import FailFast, Field

from shared.schemas.base import Record
from shared.schemas.box import Box
from shared.schemas.object_names import INSTANCE

Label = Literal["face", "hand"]
Side = Literal["left", "right"]

MOST_OUTLINE = 256
"""Points of an outline: the hull of a hand has 168 at most, a face's oval 36. What fills a polygon
takes its time for each."""

MOST_POINTS = 512
"""Of a prompt: a caller of the API may ask for 256 inside."""


class Prompt(Record):
    """What SAM2 is told about one instance, in whole pixels of the image (polygon: 1/100 pixel).

    `points` are (x, y, label), label 1 inside the target and 0 outside; `crop` is the window sent.
    """

    id: str = Field(pattern=f"^{INSTANCE}$")
    label: Label
    score: float = Field(ge=0, le=1)
    side: Side | None
    polygon: Annotated[tuple[tuple[float, float], ...], FailFast()] = Field(
        min_length=3, max_length=MOST_OUTLINE
    )
    box: Box
    points: Annotated[tuple[tuple[int, int, Literal[0, 1]], ...], FailFast()] = Field(
        max_length=MOST_POINTS
    )
    crop: Box

    @property
    def positive(self) -> list[tuple[int, int]]:
        """The (x, y) of the points inside."""
        return [(x, y) for x, y, label in self.points if label]

    @property
    def negative(self) -> list[tuple[int, int]]:
        """The (x, y) of the points outside."""
        return [(x, y) for x, y, label in self.points if not label]


@dataclass(frozen=True, slots=True)
class PromptOptions:
    """`box_expand` is a share of the polygon's width and height, added on each side."""

    positive_points: int = 16
    box_expand: float = 0.15
    max_instances: int = 20
