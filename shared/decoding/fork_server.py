"""python -m shared.decoding.fork_server DESCRIPTOR: forks a process for each file to decode.

The functions themselves have threads, and cannot fork safely; this process has none, and all that
decoding needs is imported before its first fork.
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
"""That come with each request: the connection to its caller, the shared memory for pixels, and a
pipe that is told how the process ended. Whoever closes the pipe's other end wants it ended."""


class ForkServer:
    """Takes requests from a socket, until nobody holds its other end any more."""

    def __init__(self, requests: socket.socket) -> None:
        self._requests = requests
        self._reports: dict[int, int] = {}
        self._poll = select.poll()
        self._poll.register(requests, select.POLLIN)
        self._wakeup = self._woken_by_ended_children()
        self._poll.register(self._wakeup, select.POLLIN)

    def serve(self) -> None:
        """Forks, reports how each process ended, and kills those whose caller has gone."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._requests.fileno():
                    if not self._take_request():
                        self._kill_all()
                        return
                elif descriptor == self._wakeup:
                    os.read(self._wakeup, 512)
                else:
                    self._kill_for(descriptor)
            self._reap()

    @staticmethod
    def _woken_by_ended_children() -> int:
        """The end to read of a pipe: https://docs.python.org/3/library/signal.html#signal.set_wakeup_fd."""
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        return reading

    def _take_request(self) -> bool:
        """False once there will be no other."""
        request, descriptors, _, _ = socket.recv_fds(self._requests, len(REQUEST), DESCRIPTORS)
        if not request:
            return False
        if len(descriptors) != DESCRIPTORS:  # too many are open: the caller sees its own closed
            for descriptor in descriptors:
                os.close(descriptor)
            return True
        caller, buffer, report = descriptors
        try:
            process = os.fork()
        except OSError:  # no memory: the caller finds its connection closed, and no report
            os.close(report)
        else:
            if process == 0:
                self._work(caller, buffer, report)
            self._reports[process] = report
            self._poll.register(report, 0)  # which tells of errors alone: its other end is closed
        os.close(caller)
        os.close(buffer)
        return True

    def _work(self, caller: int, buffer: int, report: int) -> None:
        """What the forked process does, and ends with."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            self._requests.close()
            for descriptor in (report, self._wakeup, *self._reports.values()):
                os.close(descriptor)
            with Connection(caller) as connection, suppress(EOFError, ConnectionError):
                job.run(connection, buffer)
            code = 0
        except Exception:  # noqa: BLE001 - whatever it is, the parent's code must not go on here
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
        """Reports the ends of processes: their exit codes, or minus the signals that ended them."""
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
    """Serves until the functions that ask are gone: signals to end are theirs to obey."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    PillowImage.init()
    warnings.simplefilter("ignore")  # Pillow's are lines without number, one for each odd tag
    logging.disable()
    gc.freeze()  # or each fork's first collection would copy all that is there
    with socket.socket(fileno=int(sys.argv[1])) as requests:
        ForkServer(requests).serve()


if __name__ == "__main__":
    main()
