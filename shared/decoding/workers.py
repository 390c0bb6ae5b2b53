"""The caller's side of the decoding processes. Each process decodes one file."""

import fcntl
import mmap
import os
import select
import socket
import struct
import subprocess  # nosec B404 starts our own module alone
import sys
import tempfile
import threading
from contextlib import suppress
from multiprocessing.connection import Connection

import numpy as np
import numpy.typing as npt

from shared.decoding.fork_server import REQUEST
from shared.runtime.deadline import Check, Deadline
from shared.schemas.errors import Transient

_SEND_SECONDS, _REPORT_SECONDS = 60, 10
"""Timeouts to send to a process, and to receive its exit code. Chosen by hand: shorter ones fail on
a busy machine, longer ones hold a thread."""

_REPORT_BYTES = 16
"""More than the digits of any exit code."""

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "MALLOC_ARENA_MAX", "OMP_NUM_THREADS")
"""Environment variables that the fork server gets. Decoding needs no others, such as API keys."""


class Ended(Exception):
    """The process ended early. `code` is its exit code, negative for a signal, None if unknown."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"exit code {code}")
        self.code = code


class Worker:
    """One process. `close` ends it in any state.

    Raises:
        Transient: no process can be started now.
    """

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", _SEND_SECONDS, 0))
        self._connection = Connection(ours.detach())
        self._report, report = os.pipe()
        self._buffer = _shared_memory()
        try:
            _fork([theirs.fileno(), self._buffer, report])
        except OSError as error:
            self.close()
            raise Transient(f"No process to decode an image can be started ({error}).") from error
        finally:
            theirs.close()
            os.close(report)

    def send(self, content: bytes) -> None:
        """Sends a message; raises Ended if the process has ended."""
        try:
            self._connection.send_bytes(content)
        except OSError as error:
            raise Ended(self._exit_code()) from error

    def receive(self, seconds: float, most_bytes: int, check: Check) -> bytes:
        """Returns the next message, of at most `most_bytes`.

        Raises:
            Ended: the process has ended.
            Transient: no message arrived within `seconds`.
            Cancelled: raised by `check`.
        """
        try:
            if not Deadline.after(seconds, check).wait(self._connection.poll):
                raise Transient(f"An image was not decoded within {seconds:.0f} s.")
            return self._connection.recv_bytes(most_bytes)
        except (EOFError, OSError) as error:
            raise Ended(self._exit_code()) from error

    def make_room(self, size: int) -> None:
        """Makes the shared memory at least `size` bytes large."""
        os.ftruncate(self._buffer, max(size, os.fstat(self._buffer).st_size))
        if sys.platform == "linux":  # if the process shrank it, reading it would crash the function
            fcntl.fcntl(self._buffer, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)

    def shared(self, size: int) -> npt.NDArray[np.uint8]:
        """Returns the shared memory as a flat array, which stays valid after `close`."""
        return np.frombuffer(mmap.mmap(self._buffer, size), np.uint8)

    def close(self) -> None:
        """Ends the process, if it has not ended."""
        self._connection.close()
        os.close(self._report)
        os.close(self._buffer)

    def _exit_code(self) -> int | None:
        poll = select.poll()
        poll.register(self._report, select.POLLIN)
        arrived = poll.poll(1000 * _REPORT_SECONDS)
        code = os.read(self._report, _REPORT_BYTES) if arrived else b""
        return int(code) if code else None


class _Server:
    """The fork server of this process."""

    def __init__(self) -> None:
        self._requests, theirs = socket.socketpair()
        self._owner = os.getpid()
        with theirs:
            module = [sys.executable, "-m", "shared.decoding.fork_server", str(theirs.fileno())]
            self._process = subprocess.Popen(  # noqa: S603  # nosec B603
                module, pass_fds=[theirs.fileno()], env=_environment(), stdin=subprocess.DEVNULL
            )

    @property
    def is_ours(self) -> bool:
        """Whether it runs and was started by this process. Gunicorn's workers are forks."""
        return self._owner == os.getpid() and self._process.poll() is None

    def fork(self, descriptors: list[int]) -> None:
        """Forks a process with these descriptors; raises OSError if the server has ended."""
        socket.send_fds(self._requests, [REQUEST], descriptors)


_lock = threading.Lock()
_server: _Server | None = None


def _fork(descriptors: list[int]) -> None:
    """Forks a process; starts the server if none runs or it has just ended."""
    global _server  # noqa: PLW0603 - all threads of a process share it
    with _lock:
        if _server is not None and _server.is_ours:
            with suppress(OSError):
                _server.fork(descriptors)
                return
        _server = _Server()
        _server.fork(descriptors)


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {**passed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _shared_memory() -> int:
    """Returns the descriptor of a file in memory; where these do not exist, of an unnamed file."""
    if sys.platform == "linux":
        return os.memfd_create("pixels", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())
