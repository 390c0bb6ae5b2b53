"""Resource usage of other processes on Linux (proc_pid_stat(5), proc_stat(5))."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_TICK = 1 / os.sysconf("SC_CLK_TCK")
_SESSION, _USER, _SYSTEM = 3, 11, 12
"""Indices of fields after the command's name."""

_IDLE = slice(3, 5)
"""Indices of a processor's idle times: idle, and waiting for a disk."""


def resident(session: int) -> float:
    """Returns the resident memory of all processes of a session, in MB."""
    pages = (int((process / "statm").read_text().split()[1]) for process, _ in _members(session))
    return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


def processor_seconds(session: int) -> float:
    """Returns the CPU seconds that all processes of a session have used."""
    return sum((int(f[_USER]) + int(f[_SYSTEM])) * _TICK for _, f in _members(session))


def followers(session: int) -> list[int]:
    """Returns the IDs of a session's processes, without the session leader."""
    ids = (int(process.name) for process, _ in _members(session))
    return [number for number in ids if number != session]


def machine_seconds() -> float:
    """Returns the CPU seconds that all processes of this machine have used."""
    times = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(times) - sum(times[_IDLE])) * _TICK


def _members(session: int) -> Iterator[tuple[Path, list[str]]]:
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # the process has just ended
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[_SESSION]) == session:
                yield stat.parent, fields
