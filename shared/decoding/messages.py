"""Messages between the sandbox and a decoding process."""

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt

from shared.schemas.base import Record
from shared.schemas.errors import ReasonCode


class Task(Record):
    """The task; the file's content follows. `side` in pixels requests a thumbnail, None pixels.

    With `most_frames`, the frames are counted, and any of them can be decoded.
    """

    max_pixels: PositiveInt
    most_frames: PositiveInt | None = None
    side: PositiveInt | None = None
    over_white: bool


class Header(Record):
    """The result of reading the header. The process then waits for GO_ON.

    If the frames are counted, `pixels` of the first header are those of the largest frame. The
    process then also waits for a Seek, after which it sends the header of that frame.
    """

    state: Literal["opened"] = "opened"
    frames: PositiveInt = 1
    pixels: PositiveInt
    memory: NonNegativeInt
    seconds: float = Field(gt=0)


class Seek(Record):
    """Chooses another frame, from 1."""

    frame: PositiveInt


class Decoded(Record):
    """Pixels are in the shared memory, uint8 of this shape. With no shape, a thumbnail follows."""

    state: Literal["decoded"] = "decoded"
    shape: tuple[PositiveInt, PositiveInt, Literal[3]] | None = None


class Refusal(Record):
    """The file is not a supported image."""

    state: Literal["rejected"] = "rejected"
    code: ReasonCode
    sentence: str


class OutOfMemory(Record):
    """The system had less memory than the process's own limit."""

    state: Literal["out of memory"] = "out of memory"


GO_ON = b"go on"
"""The message that makes a process decode after it has sent the header."""

MADE_BYTES_PER_PIXEL = 7
"""Memory for the decoded image, in bytes per pixel: 3 for RGB, and 4 for the copy from which Pillow
makes a thumbnail."""
