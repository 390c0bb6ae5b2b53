"""Decoding that is bound in memory, processor time and wall time, whatever the file is.

Each file has a process of its own, which the system ends when it has taken too much: a thread could
not be ended, and the memory that a bomb takes would be the function's.
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
    Task,
)
from shared.decoding.workers import Ended, Worker
from shared.imaging.geometry import Image
from shared.runtime.deadline import Check, uncancelled
from shared.runtime.memory_budget import MEMORY_SECONDS, MemoryBudget
from shared.schemas.errors import ReasonCode, Rejected, Transient

_OPENING_SECONDS = 60
"""Wall time for a header, the start of the fork server included: its processor time is bound."""

_WALL_OVER_PROCESSOR, _WALL_SECONDS = 4, 30
"""How much longer than its processor time a busy machine may take; later it is asked again."""

_MOST_ANSWER = 64 * 2**20
_CRASHED = -signal.SIGABRT
_FATAL = frozenset(
    -number
    for number in (signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGABRT)
)
"""Exit codes of a process that a file has broken; the system's own SIGKILL says nothing of it."""

_BROKEN = "The image is broken: it crashes its decoder."
_TOO_SLOW = (
    "The image takes far longer to decode than any image of its size should: it is broken, or made "
    "to do harm."
)
_ANSWER: TypeAdapter[Header | Decoded | Refusal | OutOfMemory] = TypeAdapter(
    Annotated[Header | Decoded | Refusal | OutOfMemory, Discriminator("state")]
)


class Sandbox:
    """Decodes files of strangers. One per process; safe to share between threads.

    Its processes together have no more memory than the costliest image alone needs.
    """

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        self._memory = MemoryBudget(max_pixels * MOST_BYTES_PER_PIXEL, "bytes")

    @contextmanager
    def opened(self, data: bytes, check: Check = uncancelled) -> Iterator["OpenedFile"]:
        """A file whose header is read, and no pixel.

        `check` is called now and then while its process is waited for, and ends it by raising.

        Raises:
            Rejected: not a supported image.
            Transient: this machine has no memory or time for it now.
        """
        with self._started(Task(max_pixels=self._max_pixels, over_white=True), data, check) as (
            worker,
            header,
        ):
            yield OpenedFile(worker, header, self._memory, check)

    def decode(self, data: bytes, check: Check = uncancelled) -> Image:
        """The image in a file; raises what `opened` and `OpenedFile.decode` do."""
        with self.opened(data, check) as file:
            return file.decode()

    def thumbnail(
        self, data: bytes, side: int, check: Check = uncancelled, *, over_white: bool
    ) -> bytes:
        """The image as a WebP that fits into a square of `side` pixels.

        `over_white`: as it is decoded; else what is transparent stays so. `check` as for `opened`.

        Raises:
            Rejected: not a supported image.
            Transient: this machine has no memory or time for it now.
        """
        task = Task(max_pixels=self._max_pixels, side=side, over_white=over_white)
        with self._started(task, data, check) as (worker, header), _in_sentences():
            memory = header.memory + MADE_BYTES_PER_PIXEL * header.pixels
            with self._memory.acquired(memory, MEMORY_SECONDS, check):
                _go_on(worker, header, check)
                return worker.receive(_WALL_SECONDS, _MOST_ANSWER, check)

    @contextmanager
    def _started(self, task: Task, data: bytes, check: Check) -> Iterator[tuple[Worker, Header]]:
        with closing(Worker()) as worker:
            with _in_sentences():
                worker.send(task.model_dump_json().encode())
                worker.send(data)
                header = _answer(worker, _OPENING_SECONDS, check)
                if not isinstance(header, Header) or header.pixels > self._max_pixels:
                    raise Ended(_CRASHED)
            yield worker, header


class OpenedFile:
    """A file that a process waits to decode. `pixels` is how many it has."""

    def __init__(self, worker: Worker, header: Header, memory: MemoryBudget, check: Check) -> None:
        self.pixels = header.pixels
        self._worker = worker
        self._header = header
        self._memory = memory
        self._check = check

    def decode(self) -> Image:
        """The first frame as RGB uint8 (h, w, 3), upright as EXIF says, transparency over white.

        Raises:
            Rejected: the file is broken, or takes more memory or time than any image of its size.
            Transient: this machine has no memory or time for it now.
        """
        size = 3 * self.pixels
        self._worker.make_room(size)
        acquired = self._memory.acquired(self._header.memory, MEMORY_SECONDS, self._check)
        with _in_sentences(), acquired:
            shape = _go_on(self._worker, self._header, self._check).shape
            if shape is None or math.prod(shape) != size:
                raise Ended(_CRASHED)
            return self._worker.shared(size).reshape(shape)


def _go_on(worker: Worker, header: Header, check: Check) -> Decoded:
    """Has a file decoded whose header is read."""
    worker.send(GO_ON)
    answer = _answer(worker, _WALL_SECONDS + _WALL_OVER_PROCESSOR * header.seconds, check)
    if not isinstance(answer, Decoded):
        raise Ended(_CRASHED)
    return answer


def _answer(worker: Worker, seconds: float, check: Check) -> Header | Decoded:
    answer = _ANSWER.validate_json(worker.receive(seconds, _MOST_ANSWER, check))
    if isinstance(answer, Refusal):
        raise Rejected(answer.code, answer.sentence)
    if isinstance(answer, OutOfMemory):
        raise Transient("This machine has no memory to decode an image in now.")
    return answer


@contextmanager
def _in_sentences() -> Iterator[None]:
    """Raises Rejected where the file is to blame for the end of its process, else Transient."""
    try:
        yield
    except ValidationError as error:
        raise Rejected(ReasonCode.CORRUPT_IMAGE, _BROKEN) from error
    except Ended as ended:
        if ended.code == -signal.SIGXCPU:
            raise Rejected(ReasonCode.CORRUPT_IMAGE, _TOO_SLOW) from ended
        if ended.code in _FATAL:
            raise Rejected(ReasonCode.CORRUPT_IMAGE, _BROKEN) from ended
        raise Transient(f"An image's decoder was ended from outside ({ended}).") from ended
