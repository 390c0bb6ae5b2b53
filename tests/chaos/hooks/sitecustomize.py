"""What goes wrong inside a process: Python runs this first where PYTHONPATH names this folder.

CHAOS_CLOCK: seconds by which the process's clock is off; CHAOS_CLOCK_AFTER: seconds until it jumps,
in each worker that is forked, instead of at the start.
CHAOS_DISK_FULL: seconds during which there is no space for temporary files, once one is wanted.
"""

import errno
import os
import sys
import tempfile
import threading
import time
from typing import Any

import time_machine

CLOCK, CLOCK_AFTER, DISK_FULL = "CHAOS_CLOCK", "CHAOS_CLOCK_AFTER", "CHAOS_DISK_FULL"
JUMPED = "chaos: the clock jumped"


def _jump(seconds: float) -> None:
    time_machine.travel(time.time() + seconds).start()
    sys.stderr.write(f"{JUMPED} by {seconds:.0f} s\n")
    sys.stderr.flush()


def _jump_later(seconds: float, after: float) -> None:
    timer = threading.Timer(after, _jump, [seconds])
    timer.daemon = True
    timer.start()


def _fill_disk(seconds: float) -> None:
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
    """Takes half of what is written, as a disk does whose last blocks these are."""

    def __init__(self, file: Any) -> None:
        self._write = file.write

    def __call__(self, content: bytes) -> int:
        self._write(content[: len(content) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


if CLOCK in os.environ:
    _off, _after = float(os.environ[CLOCK]), float(os.environ.get(CLOCK_AFTER, "0"))
    if _after:
        os.register_at_fork(after_in_child=lambda: _jump_later(_off, _after))
    else:
        _jump(_off)
if DISK_FULL in os.environ:
    _fill_disk(float(os.environ[DISK_FULL]))
