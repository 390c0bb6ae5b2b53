"""The job of a forked process: decodes one file within limits."""

import errno
import mmap
from multiprocessing.connection import Connection

import numpy as np

from shared.decoding.header import memory_to_open, read_header
from shared.decoding.limits import Limits
from shared.decoding.messages import (
    GO_ON,
    MADE_BYTES_PER_PIXEL,
    Decoded,
    Header,
    OutOfMemory,
    Refusal,
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
    _send(caller, Header(pixels=file.pixels, memory=file.memory, seconds=file.seconds))
    if caller.recv_bytes() != GO_ON:
        return
    made = MADE_BYTES_PER_PIXEL * file.pixels
    limits.set(SPARE + len(data) + file.memory + made, file.seconds)
    if task.side is None:
        shared = mmap.mmap(buffer, 3 * file.pixels)
        _send(caller, Decoded(shape=decode_into(file, np.frombuffer(shared, np.uint8))))
    else:
        small = thumbnail(file, task.side, over_white=task.over_white)
        _send(caller, Decoded())
        caller.send_bytes(small)


def _send(caller: Connection, record: Record) -> None:
    caller.send_bytes(record.model_dump_json().encode())
