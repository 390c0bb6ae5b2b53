"""Limits the memory of a function's worker processes."""

import resource
import socket
import time
from contextlib import suppress

from local.stack import Stack
from tools.benchmarks.processes import followers

_SIGNS = ("MemoryError", "bad_alloc", "can't start new thread", "Cannot allocate memory")
"""Messages in the log of a worker without memory."""

_MOST_SECONDS = 8.0
"""Limit for the time without memory. Chosen by hand: within it, a worker usually gets work."""

_POLL_SECONDS = 0.1


def starve(stack: Stack, name: str) -> int:
    """Gives a function's workers no more memory until one fails; returns the number of failures.

    A worker ends, or a delivery fails. Only Linux can limit a running process.
    """
    workers = followers(stack.processes.group(name))
    before, deadline = _signs(stack, name), time.monotonic() + _MOST_SECONDS
    for worker in workers:
        _limit(worker, 1)
    failures = 0
    while not failures and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        alive = followers(stack.processes.group(name))
        failures = _signs(stack, name) - before + len(set(workers) - set(alive))
    for worker in workers:
        _limit(worker, resource.RLIM_INFINITY)
    return failures


def await_listening(stack: Stack, name: str) -> None:
    """Waits until a started function accepts connections."""
    while True:
        stack.processes.check()
        with (
            suppress(OSError),
            socket.create_connection(("127.0.0.1", stack.processes.port(name)), timeout=1),
        ):
            return
        time.sleep(_POLL_SECONDS)


def _limit(process: int, most_bytes: int) -> None:
    with suppress(ProcessLookupError):
        _, hard = resource.prlimit(process, resource.RLIMIT_AS)
        resource.prlimit(process, resource.RLIMIT_AS, (most_bytes, hard))


def _signs(stack: Stack, name: str) -> int:
    log = (stack.logs / f"{name}.log").read_text(errors="replace")
    return sum(log.count(sign) for sign in _SIGNS)
