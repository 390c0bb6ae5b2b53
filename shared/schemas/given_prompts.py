"""What a client gives the API beside an image: prompts, or places that a person shows."""

from typing import Annotated, Any, Self

from pydantic import Discriminator, FailFast, Field, Tag, model_validator

from shared.schemas.base import Record
from shared.schemas.box import Box
from shared.schemas.documents import MOST_INSTANCES
from shared.schemas.object_names import INSTANCE
from shared.schemas.prompt import MOST_CLICKS, Label, LabelledPixel, Prompt


class ShownInstance(Record):
    """A face or hand that a person shows: by a box around it, by clicks, or by both.

    `points` are clicks, (x, y, label): 1 on the target, 0 beside it. With the `id` of an instance
    that was found, a box replaces it, and clicks alone correct its mask.
    """

    id: str | None = Field(None, pattern=f"^{INSTANCE}$")
    label: Label = "face"
    box: Box | None = None
    points: Annotated[tuple[LabelledPixel, ...], FailFast()] = Field((), max_length=MOST_CLICKS)

    @property
    def positive(self) -> list[tuple[int, int]]:
        """The clicks on the target, (x, y)."""
        return [(x, y) for x, y, label in self.points if label]

    @model_validator(mode="after")
    def _has_a_place(self) -> Self:
        if self.box is None and not (self.points if self.id else self.positive):
            raise ValueError("a box, or a point with the label 1, must show where it is")
        if self.id is not None and not self.id.startswith(f"{self.label}-"):
            raise ValueError(f"its id must begin with {self.label}-")
        return self


_PROMPT, _SHOWN = "prompt[]", "shown[]"
"""Tags of the union. With brackets, error messages leave them out of a field's location."""


def _form(value: Any) -> str:
    is_prompt = isinstance(value, Prompt) or (isinstance(value, dict) and "polygon" in value)
    return _PROMPT if is_prompt else _SHOWN


GivenPrompt = Annotated[
    Annotated[Prompt, Tag(_PROMPT)] | Annotated[ShownInstance, Tag(_SHOWN)],
    Discriminator(_form),
]
"""A complete prompt, as in prompts.json and in responses of the API, or a place."""

GivenPrompts = Annotated[tuple[GivenPrompt, ...], Field(max_length=MOST_INSTANCES)]
