"""Injects faults into a process. Python runs this module at the start if PYTHONPATH has its folder.

CHAOS_CLOCK: seconds by which the clock of each worker jumps, CHAOS_CLOCK_AFTER seconds after its
fork. CHAOS_DISK_FULL: seconds during which the disk is full, from the first write of a file on.
"""

import errno
import os
import sys
import tempfile
import threading
import time
from typing import Any

import time_machine


def _jump(seconds: float) -> None:
    time_machine.travel(time.time() + seconds).start()
    sys.stderr.write(f"chaos: the clock jumped by {seconds:.0f} s\n")
    sys.stderr.flush()


def _jump_later(seconds: float, after: float) -> None:
    timer = threading.Timer(after, _jump, [seconds])
    timer.daemon = True
    timer.start()


def fill_disk(seconds: float) -> None:
    plain: Any = tempfile.NamedTemporaryFile
    until: list[float] = []

    def made(*arguments: Any, **options: Any) -> Any:
        file = plain(*arguments, **options)
        until[:] = until or [time.monotonic() + seconds]
        if time.monotonic() < until[0]:
            file.write = _Full(file.file)
        return file

    tempfile.NamedTemporaryFile = made


class _Full:
    """Writes half of the content, then fails, like a disk without free blocks."""

    def __init__(self, file: Any) -> None:
        self._write = file.write

    def __call__(self, content: bytes) -> int:
        self._write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


if "CHAOS_CLOCK" in os.environ:
    _off, _after = float(os.environ["CHAOS_CLOCK"]), float(os.environ["CHAOS_CLOCK_AFTER"])
    os.register_at_fork(after_in_child=lambda: _jump_later(_off, _after))
if "CHAOS_DISK_FULL" in os.environ:
    fill_disk(float(os.environ["CHAOS_DISK_FULL"]))
