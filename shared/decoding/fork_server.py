"""python -m shared.decoding.fork_server DESCRIPTOR: forks a process for each file to decode.

The functions themselves have threads, so they cannot fork safely. This process has no threads, and
imports everything that decoding needs before its first fork.
"""

import gc
import logging
import os
import select
import signal
import socket
import sys
import warnings
from contextlib import suppress
from multiprocessing.connection import Connection

from PIL import Image as PillowImage

from shared.decoding import job

REQUEST = b"."
DESCRIPTORS = 3
"""Number of file descriptors that are sent with each request: the connection to the caller, the
shared memory for pixels, and the write end of a pipe for the exit code. A caller that closes the
pipe's read end cancels the process."""

_WAKEUP_BYTES = 512
"""Bytes that are read from the wakeup pipe at once. Chosen by hand: bytes that remain only wake the
loop again."""


class ForkServer:
    """Serves requests from a socket until its other end is closed."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._reports: dict[int, int] = {}
        self._poll = select.poll()
        self._poll.register(requests, select.POLLIN)
        self._wakeup = self._wakeup_pipe()
        self._poll.register(self._wakeup, select.POLLIN)

    def serve(self) -> None:
        """Forks processes, reports their exit codes, and kills processes of callers that left."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._requests.fileno():
                    if not self._take_request():
                        self._kill_all()
                        return
                elif descriptor == self._wakeup:
                    os.read(self._wakeup, _WAKEUP_BYTES)
                else:
                    self._kill_for(descriptor)
            self._reap()

    @staticmethod
    def _wakeup_pipe() -> int:
        """Returns the read end of a pipe that becomes readable when a child process ends.

        https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd
        """
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        return reading

    def _take_request(self) -> bool:
        """Forks a process for the next request; returns False if the socket is closed."""
        request, descriptors, _, _ = socket.recv_fds(self._requests, len(REQUEST), DESCRIPTORS)
        if not request:
            return False
        if len(descriptors) != DESCRIPTORS:  # too many open files; the caller's connection closes
            for descriptor in descriptors:
                os.close(descriptor)
            return True
        caller, buffer, report = descriptors
        try:
            process = os.fork()
        except OSError:  # no memory; the caller's connection closes without an exit code
            os.close(report)
        else:
            if process == 0:
                self._work(caller, buffer, report)
            self._reports[process] = report
            self._poll.register(report, 0)  # reports only POLLERR: the caller closed the read end
        os.close(caller)
        os.close(buffer)
        return True

    def _work(self, caller: int, buffer: int, report: int) -> None:
        """Runs the job in the forked process, and exits."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            self._requests.close()
            for descriptor in (report, self._wakeup, *self._reports.values()):
                os.close(descriptor)
            with Connection(caller) as connection, suppress(EOFError, ConnectionError):
                job.run(connection, buffer)
            code = 0
        except Exception:  # noqa: BLE001 - the parent's code must not continue in the child
            sys.excepthook(*sys.exc_info())
            sys.stderr.flush()
        finally:
            os._exit(code)

    def _kill_all(self) -> None:
        for process in self._reports:
            os.kill(process, signal.SIGKILL)

    def _kill_for(self, report: int) -> None:
        self._poll.unregister(report)
        for process, other in self._reports.items():
            if other == report:
                os.kill(process, signal.SIGKILL)

    def _reap(self) -> None:
        """Reports the exit code of each ended process; it is negative for a signal."""
        while self._reports:
            process, status = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            report = self._reports.pop(process)
            with suppress(KeyError):  # it was killed
                self._poll.unregister(report)
            with suppress(BrokenPipeError):
                os.write(report, str(os.waitstatus_to_exitcode(status)).encode())
            os.close(report)


def main() -> None:
    """Serves until the parent process ends. Termination signals are left to the parent."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    PillowImage.init()
    warnings.simplefilter("ignore")  # Pillow warns about each invalid tag of a file
    logging.disable()
    gc.freeze()  # otherwise the first collection in each fork would copy all existing objects
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        ForkServer(requests).serve()


if __name__ == "__main__":
    main()
