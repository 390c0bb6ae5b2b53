"""Decodes any file within limits for memory, processor time and wall time.

Each file is decoded in its own process, which the operating system ends at its limits. A thread
could not be ended, and a decompression bomb would use the function's own memory.
"""

import math
import signal
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated

from pydantic import Discriminator, TypeAdapter, ValidationError

from shared.decoding.header import MOST_BYTES_PER_PIXEL
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
from shared.decoding.workers import Ended, Worker
from shared.imaging.geometry import Image
from shared.runtime.deadline import Check, uncancelled
from shared.runtime.memory_budget import MEMORY_SECONDS, MemoryBudget
from shared.schemas.errors import ReasonCode, Rejected, Transient

_OPENING_SECONDS = 60
"""Limit for the wall time to read a header, including the start of the fork server. Chosen by hand:
a busy machine may start it slowly, and `job` limits the processor time separately."""

_WALL_OVER_PROCESSOR, _WALL_SECONDS = 4, 30
"""The wall time limit is the processor time limit times the first number, plus the second, in
seconds. Chosen by hand: on a busy machine, a process gets only a part of a processor. Lower limits
cause redeliveries there, higher ones hold a thread for longer."""

_MOST_RESPONSE = 64 * 2**20
"""Limit for a message of a decoding process, in bytes. The largest is a thumbnail. Chosen by hand:
a decoder under an attacker's control could send more."""

_CRASHED = -signal.SIGABRT
_FATAL = frozenset(
    -number
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT)
)
"""Exit codes of a process that crashed on its file. SIGKILL is not one: the system sends it when
the machine has no memory."""

_BROKEN = "The image is broken: it crashes its decoder."
_TOO_SLOW = (
    "The image takes far longer to decode than any image of its size should: it is broken, or made "
    "to do harm."
)
_RESPONSE: TypeAdapter[Header | Decoded | Refusal | OutOfMemory] = TypeAdapter(
    Annotated[Header | Decoded | Refusal | OutOfMemory, Discriminator("state")]
)


class Sandbox:
    """Decodes untrusted files. One per process; safe to share between threads.

    All its decoding processes together use at most the memory of the most expensive image.
    """

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._memory = MemoryBudget(max_pixels * MOST_BYTES_PER_PIXEL, "bytes")

    @contextmanager
    def opened(
        self, data: bytes, check: Check = uncancelled, most_frames: int | None = None
    ) -> Iterator["OpenedFile"]:
        """Reads a file's header without decoding pixels.

        `check` is called repeatedly during waits. If it raises, the process is ended. With
        `most_frames`, the frames are counted; a file with more of them is rejected.

        Raises:
            Rejected: the file is not a supported image.
            Transient: this machine has no memory or time for it now.
            Cancelled: raised by `check`.
        """
        task = Task(max_pixels=self._max_pixels, most_frames=most_frames, over_white=True)
        with self._started(task, data, check) as (worker, header):
            yield OpenedFile(worker, header, self._memory, check)

    def decode(self, data: bytes, check: Check = uncancelled) -> Image:
        """Returns the image in a file, RGB uint8 (h, w, 3).

        Raises:
            Rejected, Transient, Cancelled: as in `opened` and `OpenedFile.decode`.
        """
        with self.opened(data, check) as file:
            return file.decode()

    def thumbnail(
        self, data: bytes, side: int, check: Check = uncancelled, *, over_white: bool
    ) -> bytes:
        """Returns the image as a WebP that fits into a square of `side` pixels.

        With `over_white`, the image is composed over white, else transparent pixels stay
        transparent. `check` as in `opened`.

        Raises:
            Rejected: the file is not a supported image.
            Transient: this machine has no memory or time for it now.
            Cancelled: raised by `check`.
        """
        task = Task(max_pixels=self._max_pixels, side=side, over_white=over_white)
        with self._started(task, data, check) as (worker, header), _converted_errors():
            memory = header.memory + MADE_BYTES_PER_PIXEL * header.pixels
            with self._memory.acquired(memory, MEMORY_SECONDS, check):
                _go_on(worker, header, check)
                return worker.receive(_WALL_SECONDS, _MOST_RESPONSE, check)

    @contextmanager
    def _started(self, task: Task, data: bytes, check: Check) -> Iterator[tuple[Worker, Header]]:
        with closing(Worker()) as worker:
            with _converted_errors():
                worker.send(task.model_dump_json().encode())
                worker.send(data)
                header = _receive(worker, _OPENING_SECONDS, check)
                if not isinstance(header, Header) or header.pixels > self._max_pixels:
                    raise Ended(_CRASHED)
                if header.frames > (task.most_frames or 1):
                    raise Ended(_CRASHED)
            yield worker, header


class OpenedFile:
    """A file whose header has been read; its process waits.

    `pixels` is width times height, of the largest frame if they are counted. `frames` is their
    number, else 1.
    """

    def __init__(self, worker: Worker, header: Header, memory: MemoryBudget, check: Check) -> None:
        self.pixels = header.pixels
        self.frames = header.frames
        self._worker = worker
        self._header = header
        self._frame = 1
        self._memory = memory
        self._check = check

    def seek(self, frame: int) -> None:
        """Chooses the frame that `decode` returns next, from 1, in ascending order.

        Only for a file whose frames were counted.

        Raises:
            Rejected, Transient, Cancelled: as in `decode`.
        """
        steps = max(1, frame - self._frame)
        seconds = _WALL_SECONDS + _WALL_OVER_PROCESSOR * steps * self._header.seconds
        acquired = self._memory.acquired(self._header.memory, MEMORY_SECONDS, self._check)
        with _converted_errors(), acquired:
            self._worker.send(Seek(frame=frame).model_dump_json().encode())
            header = _receive(self._worker, seconds, self._check)
            if not isinstance(header, Header) or header.pixels > self.pixels:
                raise Ended(_CRASHED)
        self._header, self._frame = header, frame

    def decode(self) -> Image:
        """Returns a frame, RGB uint8 (h, w, 3), upright by EXIF, composed over white.

        It is the one that `seek` has chosen, else the first. It is valid until the next call. A
        file with several frames needs a `seek` first.

        Raises:
            Rejected: the file is broken, or needs more memory or time than any valid image of its
                size.
            Transient: this machine has no memory or time for it now.
            Cancelled: raised by the check.
        """
        size = 3 * self._header.pixels
        self._worker.make_room(size)
        acquired = self._memory.acquired(self._header.memory, MEMORY_SECONDS, self._check)
        with _converted_errors(), acquired:
            shape = _go_on(self._worker, self._header, self._check).shape
            if shape is None or math.prod(shape) != size:
                raise Ended(_CRASHED)
            return self._worker.shared(size).reshape(shape)


def _go_on(worker: Worker, header: Header, check: Check) -> Decoded:
    """Makes the process decode its file; returns its response."""
    worker.send(GO_ON)
    decoded = _receive(worker, _WALL_SECONDS + _WALL_OVER_PROCESSOR * header.seconds, check)
    if not isinstance(decoded, Decoded):
        raise Ended(_CRASHED)
    return decoded


def _receive(worker: Worker, seconds: float, check: Check) -> Header | Decoded:
    response = _RESPONSE.validate_json(worker.receive(seconds, _MOST_RESPONSE, check))
    if isinstance(response, Refusal):
        raise Rejected(response.code, response.sentence)
    if isinstance(response, OutOfMemory):
        raise Transient("This machine has no memory to decode an image now.")
    return response


@contextmanager
def _converted_errors() -> Iterator[None]:
    """Converts the end of a process to Rejected if its file caused it, else to Transient."""
    try:
        yield
    except ValidationError as error:
        raise Rejected(ReasonCode.CORRUPT_IMAGE, _BROKEN) from error
    except Ended as ended:
        if ended.code == -signal.SIGXCPU:
            raise Rejected(ReasonCode.CORRUPT_IMAGE, _TOO_SLOW) from ended
        if ended.code in _FATAL:
            raise Rejected(ReasonCode.CORRUPT_IMAGE, _BROKEN) from ended
        raise Transient(f"The system ended an image's decoder ({ended}).") from ended
