"""python -m tests.chaos.run: everything goes wrong at once, and nothing may be lost.

Uploads run through the local stack while SAM2 fails, messages come twice, objects are overwritten,
functions are killed, the broker is restarted and storage refuses. Then SAM2 is mended, and what was
given up on is replayed. Exit code 0 only if at the end every upload has exactly one whole result,
for its newest generation.
"""

import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from local import stack
from local.operations import target
from local.operations.redrive import redrive
from local.stack import HOPS, OUTPUT_BUCKET, Stack, subscription_path
from shared import layout
from shared.storage import Stamp
from tests.chaos.audit import Findings, audit
from tests.chaos.mix import Mix
from tests.chaos.sam2 import FaultySam2
from tests.chaos.trouble import Duplicator, Trouble
from tests.chaos.uploads import Uploads

_SAM2_TIMEOUT = 2.0
_STALLED_SECONDS = 240
"""Without any new result for so long, something is lost."""

_POLL_SECONDS = 0.5


def main() -> None:
    """Exit code 1 if anything is wrong; the logs stay then."""
    mix = Mix.from_arguments()
    console = Console(highlight=False)
    console.print(f"{mix}", style="dim")
    root = Path(tempfile.mkdtemp(prefix="toonmask-chaos-"))
    findings = run(mix, root, console)
    if findings.wrong:
        console.print(f"The logs are in {root / 'logs'}")
        sys.exit(1)
    shutil.rmtree(root)


def run(mix: Mix, root: Path, console: Console) -> Findings:
    """One run on a stack of its own; prints what was injected and what came out."""
    sam2 = FaultySam2(mix, _SAM2_TIMEOUT)
    threading.Thread(target=sam2.serve_forever, daemon=True).start()
    settings = {
        "SAM2_PROVIDER": "toonmask",
        "SAM2_URL": sam2.url,
        "SAM2_AUTH": "none",
        "SAM2_TIMEOUT": str(_SAM2_TIMEOUT),
        "SAM2_DEADLINE": "20",
    }
    with stack.running(root, settings, "embedded") as system:
        sam2.target = f"http://127.0.0.1:{system.processes.port('sam2')}/v1/segment"
        duplicator = Duplicator(system, mix)
        duplicator.start()
        uploads, trouble = Uploads(system, mix), Trouble(system, mix)
        started = time.monotonic()
        uploads.start()
        _await_results(console, system, uploads, trouble, mix.uploads)
        duplicator.stop()
        sam2.over.set()
        _await_rest(system, root)
        replayed = sum(redrive(target.of(system), hop) for hop in HOPS)
        _await_rest(system, root)
        seconds = time.monotonic() - started
        findings = audit(system, uploads)
    sam2.shutdown()
    injected = {
        **uploads.counts,
        **{f"SAM2: {fate}": count for fate, count in sam2.injected.items()},
        "messages duplicated": duplicator.count,
        **trouble.injected,
    }
    _print(console, injected, findings, replayed, seconds)
    return findings


def _await_results(
    console: Console, system: Stack, uploads: Uploads, trouble: Trouble, expected: int
) -> None:
    """Returns when every upload has a result for its newest generation, or none comes any more."""
    done, last_progress = 0, time.monotonic()
    with console.status("") as status:
        while done < expected or not uploads.are_done:
            uploads.check()
            system.processes.check()
            before, done = done, _count_results(system, uploads)
            if done > before:
                last_progress = time.monotonic()
            elif time.monotonic() - last_progress > _STALLED_SECONDS:
                return
            status.update(f"{done} of {expected} results")
            trouble.strike(done / expected)
            time.sleep(_POLL_SECONDS)


def _count_results(system: Stack, uploads: Uploads) -> int:
    newest = {layout.folder(n) + layout.RESULT: g for n, (g, _) in dict(uploads.newest).items()}
    found = system.storage.list_blobs(OUTPUT_BUCKET, match_glob=f"**/{layout.RESULT}")
    return sum(Stamp.of(blob).generation == newest.get(blob.name) for blob in found)


def _await_rest(system: Stack, root: Path) -> None:
    """Until no message is on its way: the journals of broker and storage know."""
    deadline = time.monotonic() + _STALLED_SECONDS
    pushed = [subscription_path(name) for hop in HOPS for name in (hop, f"{hop}-drain")]
    marks = ",".join("?" * len(pushed))
    backlog = f"SELECT count(*) FROM backlog WHERE subscription IN ({marks})"
    while time.monotonic() < deadline:
        system.processes.check()
        waiting = _ask(root / "broker.sqlite", backlog, *pushed)
        unsent = _ask(system.buckets / ".index.sqlite", "SELECT count(*) FROM outbox")
        if not waiting + unsent:
            return
        time.sleep(_POLL_SECONDS)


def _ask(database: Path, question: str, *values: str) -> int:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        return int(connection.execute(question, values).fetchone()[0])
    finally:
        connection.close()


def _print(
    console: Console, injected: dict[str, int], findings: Findings, replayed: int, seconds: float
) -> None:
    table = Table("injected", "", "came out", "", title=f"{seconds:.0f} s")
    came_out = {
        "given up on, replayed once SAM2 was mended": replayed,
        **{str(status): count for status, count in sorted(findings.states.items())},
        "results for the newest generation": sum(findings.states.values()),
        "dead letters": findings.dead_letters,
        "wrong": len(findings.wrong),
    }
    left, right = list(injected.items()), list(came_out.items())
    for number in range(max(len(left), len(right))):
        cells = [side[number] if number < len(side) else ("", "") for side in (left, right)]
        table.add_row(*(str(cell) for pair in cells for cell in pair))
    console.print(table)
    for sentence in findings.wrong[:50]:
        console.print(sentence, style="red", markup=False)


if __name__ == "__main__":
    main()
