"""A process tree starts and stops together, also after a crash or Ctrl-C."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from local.processes import ChildDied, ProcessTree, free_ports
from tools.support.examples import ROOT

SERVE = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1"]


_BRIEF = """
import socket, sys
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
for _ in range(2):
    listening.accept()
sys.exit("crashed")
"""
"""Listens, and crashes at the first connection after that which found it listening."""


_STUBBORN = """
import signal, socket, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
time.sleep(600)
"""


def _is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def _group(pid: int) -> set[int]:
    """Returns all descendants of a process."""
    listing = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    pairs = [tuple(map(int, line.split())) for line in listing.stdout.splitlines()]
    found, grown = {pid}, True
    while grown:
        children = {child for child, parent in pairs if parent in found}
        grown = not children <= found
        found |= children
    return found - {pid}


def test_children_are_up_when_ready_and_gone_at_the_end(tmp_path: Path) -> None:
    before = _group(os.getpid())
    with ProcessTree(tmp_path) as tree:
        for name, port in zip("ab", free_ports(2), strict=True):
            tree.start(name, [*SERVE, str(port)], {}, port)
        tree.await_ready()
        pids = _group(os.getpid()) - before
        assert len(pids) >= 2
    assert all(_is_gone(pid) for pid in pids)


def test_a_child_that_does_not_come_up_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with ProcessTree(tmp_path) as tree:
        tree.start("poor", [sys.executable, "-c", "exit('no such setting')"], {}, port)
        with pytest.raises(ChildDied, match=r"(?s)poor.*no such setting"):
            tree.await_ready()


def test_a_child_that_does_not_want_to_go_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.processes._STOP_SECONDS", 0.5)
    before = _group(os.getpid())
    (port,) = free_ports(1)
    with ProcessTree(tmp_path) as tree:
        tree.start("stubborn", [sys.executable, "-c", _STUBBORN, str(port)], {}, port)
        tree.await_ready()
        pids = _group(os.getpid()) - before
    assert pids
    assert all(_is_gone(pid) for pid in pids)


def test_a_crash_is_noticed_and_takes_all_others_down(tmp_path: Path) -> None:
    before = _group(os.getpid())

    def run_until_a_child_dies() -> None:
        with ProcessTree(tmp_path) as tree:
            one, other = free_ports(2)
            tree.start("steady", [*SERVE, str(one)], {}, one)
            tree.start("brief", [sys.executable, "-c", _BRIEF, str(other)], {}, other)
            tree.await_ready()
            pids.extend(_group(os.getpid()) - before)
            socket.create_connection(("127.0.0.1", other)).close()
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                tree.check()
                time.sleep(0.02)

    pids: list[int] = []
    with pytest.raises(ChildDied, match="brief ended"):
        run_until_a_child_dies()
    assert len(pids) >= 2
    assert all(_is_gone(pid) for pid in pids)


def test_a_child_that_was_killed_on_purpose_is_missed_by_nobody_and_comes_back(
    tmp_path: Path,
) -> None:
    (port,) = free_ports(1)
    before = _group(os.getpid())
    with ProcessTree(tmp_path) as tree:
        tree.start("phoenix", [*SERVE, str(port)], {}, port)
        tree.await_ready()
        first = _group(os.getpid()) - before
        tree.halt("phoenix")
        tree.check()
        tree.resume("phoenix")
        tree.await_ready()
        second = _group(os.getpid()) - before
        assert len(second) == len(first)
        assert second != first
    assert all(_is_gone(pid) for pid in first | second)


def test_a_child_that_dies_too_often_is_not_restarted(
    tmp_path: Path,
) -> None:
    (port,) = free_ports(1)
    with ProcessTree(tmp_path) as tree:
        tree.start("poor", [sys.executable, "-c", "exit('no such setting')"], {}, port)
        revived = 0

        def look_after_it() -> None:
            nonlocal revived
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                revived += len(tree.revive())
                time.sleep(0.02)

        with pytest.raises(ChildDied, match=r"(?s)poor ended.*no such setting"):
            look_after_it()
        assert revived == 5


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_whole_system_leaves_nothing_behind(tmp_path: Path, ending: signal.Signals) -> None:
    system = subprocess.Popen(
        [sys.executable, "-m", "local.up", "--root", str(tmp_path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert system.stdout
    for line in system.stdout:
        if "Ctrl-C stops everything" in line:
            break
    children = _group(system.pid)
    assert len(children) >= 7
    system.send_signal(ending)
    system.wait(timeout=30)
    assert all(_is_gone(pid) for pid in children)


@pytest.mark.parametrize(
    "command", [("local.up", "--root"), ("local.run", "examples/apple.png", "--output")]
)
def test_a_bad_setting_ends_the_start_with_a_sentence_about_it_alone(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", *command, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "TARGETS": "feet"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "LandmarksSettings: invalid settings.",
        "  TARGETS: Input should be 'face' or 'hand' (got 'feet')",
    ]
