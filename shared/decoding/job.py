"""The job of a forked process: decodes one file within limits."""

import errno
import mmap
from multiprocessing.connection import Connection

import numpy as np

from shared.decoding.frames import Frames
from shared.decoding.header import OpenImage, memory_to_open, read_header
from shared.decoding.limits import Limits
from shared.decoding.messages import (
    GO_ON,
    MADE_BYTES_PER_PIXEL,
    Decoded,
    Header,
    OutOfMemory,
    Refusal,
    Seek,
    Task,
)
from shared.decoding.pixels import decode_into, thumbnail
from shared.schemas.base import Record
from shared.schemas.errors import ReasonCode, Rejected

SPARE = 48 * 2**20
"""Bytes that a process may use in addition to the calculated ones: for tables, small copies, and
freed memory that the allocator keeps. Chosen by hand: a larger value lets broken files use more
memory, a smaller one rejects valid files."""

_OPENING_SECONDS = 2.0
"""Limit for the processor time to read a header. Chosen by hand: a valid header takes
milliseconds."""

_TOO_MUCH_MEMORY = (
    "The image takes far more memory to decode than any image of its size should: it is broken, "
    "or made to do harm."
)


def run(caller: Connection, buffer: int) -> None:
    """Runs the task that `caller` sends. `buffer` is the descriptor of the memory for pixels."""
    limits = Limits()
    try:
        _decode(caller, buffer, limits)
    except Rejected as rejection:
        _send(caller, Refusal(code=rejection.code, sentence=str(rejection)))
    except (MemoryError, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.ENOMEM:
            raise
        if limits.lift():
            _send(caller, Refusal(code=ReasonCode.CORRUPT_IMAGE, sentence=_TOO_MUCH_MEMORY))
        else:
            _send(caller, OutOfMemory())


def _decode(caller: Connection, buffer: int, limits: Limits) -> None:
    task = Task.model_validate_json(caller.recv_bytes())
    data = caller.recv_bytes()
    limits.set(SPARE + memory_to_open(data), _OPENING_SECONDS)
    file = read_header(data, task.max_pixels)
    if task.most_frames is not None:
        frames = Frames(file, task.max_pixels, task.most_frames)
        _decode_frames(caller, buffer, limits, frames)
        return
    _send(caller, _header(file))
    if caller.recv_bytes() != GO_ON:
        return
    _allow(limits, file)
    if task.side is None:
        _send(caller, Decoded(shape=_decode_shared(file, buffer)))
    else:
        small = thumbnail(file, task.side, over_white=task.over_white)
        _send(caller, Decoded())
        caller.send_bytes(small)


def _decode_frames(caller: Connection, buffer: int, limits: Limits, frames: Frames) -> None:
    """Decodes the frames that the caller asks for, until it closes the connection."""
    file = frames.first
    largest = {"frames": frames.count, "pixels": frames.most_pixels}
    _send(caller, _header(file).model_copy(update=largest))
    while True:
        request = caller.recv_bytes()
        if request == GO_ON:
            _allow(limits, file)
            _send(caller, Decoded(shape=_decode_shared(file, buffer)))
        else:
            number = Seek.model_validate_json(request).frame
            _allow(limits, file, frames.steps(number))
            file = frames.opened(number)
            _send(caller, _header(file))


def _header(file: OpenImage) -> Header:
    return Header(pixels=file.pixels, memory=file.memory, seconds=file.seconds)


def _allow(limits: Limits, file: OpenImage, frames: int = 1) -> None:
    """Sets the limits to decode a file, or several of its frames."""
    made = MADE_BYTES_PER_PIXEL * file.pixels
    limits.set(SPARE + len(file.data) + file.memory + made, file.seconds_for(frames))


def _decode_shared(file: OpenImage, buffer: int) -> tuple[int, int, int]:
    shared = mmap.mmap(buffer, 3 * file.pixels)
    return decode_into(file, np.frombuffer(shared, np.uint8))


def _send(caller: Connection, record: Record) -> None:
    caller.send_bytes(record.model_dump_json().encode())
