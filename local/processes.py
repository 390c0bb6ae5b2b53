"""Starts, supervises and stops a group of child processes."""

import os
import random
import signal
import socket
import subprocess  # nosec B404  # this module starts processes
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, MappingProxyType, TracebackType
from typing import NoReturn, Self

_ROOT = Path(__file__).parent.parent
_START_SECONDS = 60
"""Timeout for all children to listen. Chosen by hand: a slow machine needs long to import torch."""

_STOP_SECONDS = 5
"""Time between SIGTERM and SIGKILL. Chosen by hand: a shorter one cuts off requests."""

_POLL_SECONDS = 0.05
"""Interval between checks of a port. Chosen by hand: a shorter one costs processor time, a longer
one delays the start."""

_LOG_LINES = 25
"""Number of log lines in an error. Chosen by hand: a Python traceback fits."""

_MOST_DEATHS, _DEATHS_SECONDS = 5, 60
"""A child that ends more often than this within so many seconds is not restarted. Chosen by hand:
a child with an error in its settings ends at once, again and again."""

_PORTS = range(20_000, 32_000)
"""Ports for children. Linux uses 32768 and above for outgoing connections:
https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html, ip_local_port_range."""

_PORT_STEP = 16
"""Each process tries only every 16th port, so two systems that start at the same time rarely try
the same one."""


class ChildDied(Exception):
    """A child ended or did not start to listen. The message has its name and the end of its log."""


@dataclass(slots=True)
class _Child:
    command: Sequence[str]
    environment: Mapping[str, str]
    port: int
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)


class ProcessTree:
    """Starts child processes, and stops all of them in reverse order on exit.

    Use it as a context manager. Each child has a log file in `logs` and its own process group, so
    that Ctrl-C reaches only this process, which stops the children in order. If this process is
    killed, a reaper process kills the children.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: dict[str, _Child] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Starts the reaper, and makes SIGTERM and SIGINT raise exceptions.

        A shell may have started this process with SIGINT ignored.
        """
        self._reaper = subprocess.Popen(  # nosec B603  # our own module
            [sys.executable, "-m", "local.process_reaper"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._before = {
            signal.SIGTERM: signal.signal(signal.SIGTERM, _raise_system_exit),
            signal.SIGINT: signal.signal(signal.SIGINT, signal.default_int_handler),
        }
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stops every child."""
        self.stop()
        self._reaper.communicate()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], port: int
    ) -> None:
        """Starts a child that will listen on the port."""
        self._children[name] = _Child(command, environment, port)
        self.resume(name)

    def halt(self, name: str) -> None:
        """Kills a child; `resume` starts it again."""
        child = self._children[name]
        if child.process:
            self._end(child.process)
            child.process = None

    def resume(self, name: str, more: Mapping[str, str] = MappingProxyType({})) -> None:
        """Starts a child that does not run, with `more` added to its environment."""
        child = self._children[name]
        with self._log(name).open("ab") as log:
            child.process = subprocess.Popen(  # nosec B603  # commands of local/stack.py
                child.command,
                env={**os.environ, **child.environment, **more},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._tell_reaper(child.process.pid)

    def await_ready(self) -> None:
        """Waits until every child listens.

        Raises:
            ChildDied: a child ended, or does not listen within `_START_SECONDS`.
        """
        deadline = time.monotonic() + _START_SECONDS
        for name, child in self._children.items():
            while not _listens(child.port):
                self.check()
                if time.monotonic() > deadline:
                    raise ChildDied(
                        f"{name} does not listen on port {child.port}.\n{self._log_tail(name)}"
                    )
                time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """Raises ChildDied if a child has ended that `halt` did not stop."""
        for name, code in self._ended():
            raise ChildDied(f"{name} ended with code {code}.\n{self._log_tail(name)}")

    def revive(self) -> dict[str, int]:
        """Restarts children that have ended; returns their names and exit codes.

        Raises:
            ChildDied: a child ended too often.
        """
        revived = dict(self._ended())
        for name in revived:
            now, child = time.monotonic(), self._children[name]
            recent = [death for death in child.deaths if now - death < _DEATHS_SECONDS]
            child.deaths = [*recent, now]
            if len(child.deaths) > _MOST_DEATHS:
                self.check()
            self.halt(name)
            self.resume(name)
        return revived

    def _ended(self) -> Iterator[tuple[str, int]]:
        for name, child in self._children.items():
            code = child.process.poll() if child.process else None
            if code is not None:
                yield name, code

    def group(self, name: str) -> int:
        """Returns the process group, which is also the session, of a child that runs."""
        child = self._children[name].process
        if child is None:
            raise ValueError(f"{name} does not run")
        return child.pid

    def port(self, name: str) -> int:
        """Returns the port of a child."""
        return self._children[name].port

    def stop(self) -> None:
        """Stops all children with SIGTERM, then kills those that still run."""
        children = reversed(self._children.values())
        processes = [child.process for child in children if child.process]
        for process in processes:
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for process in processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0, deadline - time.monotonic()))
            self._end(process)
        self._children.clear()

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        _signal(process, signal.SIGKILL)
        process.wait()
        self._tell_reaper(-process.pid)

    def _tell_reaper(self, group: int) -> None:
        """Reports a started process group, or an ended one if negative, to the reaper."""
        stdin = self._reaper.stdin
        with suppress(BrokenPipeError):  # the reaper was killed; the system can run without it
            if stdin is not None:
                stdin.write(f"{group}\n")
                stdin.flush()

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _log_tail(self, name: str) -> str:
        lines = self._log(name).read_text(errors="replace").splitlines()
        return "\n".join(f"  {name}: {line}" for line in lines[-_LOG_LINES:])


def free_ports(count: int) -> list[int]:
    """Returns ports on 127.0.0.1 that no server uses.

    They are below the range for outgoing connections, so no connection takes one before its server
    listens.
    """
    with ExitStack() as held:
        ports: list[int] = []
        candidates = _PORTS[os.getpid() % _PORT_STEP :: _PORT_STEP]
        for port in random.SystemRandom().sample(candidates, len(candidates)):
            probe = held.enter_context(socket.socket())
            with suppress(OSError):
                probe.bind(("127.0.0.1", port))
                ports.append(port)
            if len(ports) == count:
                break
        return ports


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def _raise_system_exit(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    raise SystemExit(128 + number)
