"""The number of a frame of an upload."""

from typing import Self

from pydantic import Field, model_validator

from shared.schemas.base import Record

MOST_FRAMES = 1000
"""Limit for the frames of an upload. Chosen by hand: landmarks has ten deliveries of four minutes
for them, and a listing of their results is one page."""


class Frame(Record):
    """One of the frames of an animation, or of the pages of a TIFF. Numbers start with 1."""

    number: int = Field(ge=1, le=MOST_FRAMES)
    count: int = Field(ge=2, le=MOST_FRAMES, description="number of frames of the upload")

    @model_validator(mode="after")
    def _exists(self) -> Self:
        if self.number > self.count:
            raise ValueError(f"there are only {self.count} frames")
        return self

    def __str__(self) -> str:
        """The frame as in sentences for people."""
        return f"Frame {self.number} of {self.count}"
