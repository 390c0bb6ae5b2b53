"""What a process may take of memory and processor time, as the system holds it to."""

import math
import resource
from pathlib import Path

_STATUS = Path("/proc/self/statm")
"""Linux alone has it; elsewhere memory is not bound, for no system else enforces RLIMIT_AS well."""

_RESERVE = 4 * 2**20
"""Bytes to say with that there is no memory."""


class Limits:
    """Of this very process, from now on; each call sets them anew."""

    def __init__(self) -> None:
        self._memory: int | None = None
        self._reserve = bytearray(_RESERVE)

    def set(self, memory: int, seconds: float) -> None:
        """So many bytes more than it has, and so many seconds of processor time beside the past."""
        used = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        _set(resource.RLIMIT_CPU, math.ceil(used + seconds))
        if _STATUS.exists():
            self._memory = _address_space() + memory
            _set(resource.RLIMIT_AS, self._memory)

    def lift(self) -> bool:
        """Lifts that of memory, once there is none; whether it was ours, and not a lower one."""
        self._reserve.clear()
        limit, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
        return self._memory in (None, limit)


def _address_space() -> int:
    """Bytes."""
    pages = int(_STATUS.read_text().split()[0])
    return pages * resource.getpagesize()


def _set(limit: int, value: int) -> None:
    """The soft one: the hard one stays, so that it can be raised again."""
    _, hard = resource.getrlimit(limit)
    most = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (most, hard))
