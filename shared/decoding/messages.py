"""What a process that decodes is told, and what it tells."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from shared.schemas.base import Record
from shared.schemas.errors import ReasonCode


class Task(Record):
    """What is to be made of a file, whose content follows: pixels, or a thumbnail of a side."""

    max_pixels: PositiveInt
    side: PositiveInt | None = None
    over_white: bool


class Header(Record):
    """What the header says; the task goes on once it is told to."""

    state: Literal["opened"] = "opened"
    pixels: PositiveInt
    memory: NonNegativeInt
    seconds: float = Field(gt=0)


class Decoded(Record):
    """The pixels are in the shared memory, as uint8 of this shape; or the thumbnail follows."""

    state: Literal["decoded"] = "decoded"
    shape: tuple[PositiveInt, PositiveInt, Literal[3]] | None = None


class Refusal(Record):
    """The file is not a supported image."""

    state: Literal["rejected"] = "rejected"
    code: ReasonCode
    sentence: str


class OutOfMemory(Record):
    """There was less memory than this process had given itself."""

    state: Literal["out of memory"] = "out of memory"


GO_ON = b"go on"
"""What a process waits for that has told the header."""

MADE_BYTES_PER_PIXEL = 7
"""What a thumbnail is made of: the image as RGB, and Pillow's copy of it."""
