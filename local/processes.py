"""A tree of child processes that starts, is healthy, and ends as one."""

import os
import random
import signal
import socket
import subprocess  # nosec B404  # processes are what this is about
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
_STOP_SECONDS = 5
_POLL_SECONDS = 0.05
_SHOWN_LINES = 25
_MOST_DEATHS, _DEATHS_SECONDS = 5, 60
_PORTS = range(20_000, 32_000)


class ChildDied(Exception):
    """A process ended, or never came up; the message says which and shows its last words."""


@dataclass(slots=True)
class _Child:
    command: Sequence[str]
    environment: Mapping[str, str]
    port: int
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)


class ProcessTree:
    """Starts children and stops them all, in reverse, whatever happens.

    Use it as a context manager. Each child has a process group of its own, so that Ctrl-C reaches
    only us and the order of stopping is ours, and a log file in `logs`. A reaper beside them ends
    them should we be killed.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._children: dict[str, _Child] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        """Makes SIGTERM unwind the stack as Ctrl-C does, and Ctrl-C even where a shell mutes it."""
        self._reaper = subprocess.Popen(  # nosec B603  # our own module
            [sys.executable, "-m", "local.process_reaper"],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._before = {
            signal.SIGTERM: signal.signal(signal.SIGTERM, _exit_in_order),
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
        """Starts a child that is going to listen on the port."""
        self._children[name] = _Child(command, environment, port)
        self.resume(name)

    def halt(self, name: str) -> None:
        """Kills a child, as the machine under it may at any time; `resume` starts it again."""
        child = self._children[name]
        if child.process:
            self._end(child.process)
            child.process = None

    def resume(self, name: str, more: Mapping[str, str] = MappingProxyType({})) -> None:
        """Starts a child that does not run, this time with `more` in its environment."""
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
        """Returns once every child listens.

        Raises:
            ChildDied: one ended, or does not listen after a minute.
        """
        deadline = time.monotonic() + _START_SECONDS
        for name, child in self._children.items():
            while not _listens(child.port):
                self.check()
                if time.monotonic() > deadline:
                    raise ChildDied(
                        f"{name} does not listen on port {child.port}.\n{self._last_words(name)}"
                    )
                time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """Raises ChildDied if any child has ended of itself."""
        for name, code in self._ended():
            raise ChildDied(f"{name} ended with code {code}.\n{self._last_words(name)}")

    def revive(self) -> dict[str, int]:
        """Starts children again that have ended of themselves; their names and exit codes.

        Raises:
            ChildDied: one ends again and again.
        """
        revived = dict(self._ended())
        for name in revived:
            now, child = time.monotonic(), self._children[name]
            child.deaths = [then for then in child.deaths if now - then < _DEATHS_SECONDS] + [now]
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
        """The process group, and the session, of a child that runs."""
        child = self._children[name].process
        if child is None:
            raise ValueError(f"{name} does not run")
        return child.pid

    def port(self, name: str) -> int:
        """Where a child listens."""
        return self._children[name].port

    def stop(self) -> None:
        """Ends all children: asks first, kills what has not gone in time."""
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
        """A process group has started, or ended if negative; see local/process_reaper.py."""
        stdin = self._reaper.stdin
        with suppress(BrokenPipeError):  # without a reaper we go on
            if stdin is not None:
                stdin.write(f"{group}\n")
                stdin.flush()

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    def _last_words(self, name: str) -> str:
        lines = self._log(name).read_text(errors="replace").splitlines()
        return "\n".join(f"  {name}: {line}" for line in lines[-_SHOWN_LINES:])


def free_ports(count: int) -> list[int]:
    """Ports on 127.0.0.1 that nothing listens on.

    Below the range from which systems take the ports of outgoing connections, so that none is
    taken by one before its server listens.
    """
    with ExitStack() as held:
        ports: list[int] = []
        # every 16th, from another one on in (nearly) every process: two systems that start at the
        # same moment do not get in each other's way
        mine = _PORTS[os.getpid() % 16 :: 16]
        for port in random.SystemRandom().sample(mine, len(mine)):
            one = held.enter_context(socket.socket())
            with suppress(OSError):
                one.bind(("127.0.0.1", port))
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


def _exit_in_order(number: int, frame: FrameType | None) -> NoReturn:
    del frame
    raise SystemExit(128 + number)
