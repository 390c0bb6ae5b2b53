"""Limits for the memory and processor time of a process, which the operating system enforces."""

import math
import resource
from pathlib import Path

_STATUS = Path("/proc/self/statm")
"""This file exists only on Linux. On other systems memory is not limited, because they do not
enforce RLIMIT_AS reliably."""

_RESERVE = 4 * 2**20
"""Bytes that are freed when memory runs out, so that the process can still report it. Chosen by
hand: it must suffice for one small message."""


class Limits:
    """The limits of this process."""

    def __init__(self) -> None:
        self._memory: int | None = None
        self._reserve = bytearray(_RESERVE)

    def set(self, memory: int, seconds: float) -> None:
        """Sets new limits: `memory` more bytes than now, `seconds` more processor time than now."""
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        _set(resource.RLIMIT_CPU, math.ceil(used + seconds))
        if _STATUS.exists():
            self._memory = _address_space() + memory
            _set(resource.RLIMIT_AS, self._memory)

    def lift(self) -> bool:
        """Removes the memory limit after a MemoryError, so that the process can report it.

        Returns whether the limit was the one that `set` requested, and not a lower system limit.
        """
        self._reserve.clear()
        limit, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        return self._memory in (None, limit)


def _address_space() -> int:
    """Returns the size of this process's address space, in bytes."""
    pages = int(_STATUS.read_text().split()[0])
    return pages * resource.getpagesize()


def _set(limit: int, value: int) -> None:
    """Sets the soft limit. The hard limit stays, so that the soft one can be raised again."""
    _, hard = resource.getrlimit(limit)
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (most, hard))
