"""python -m tools.chaos.run: everything goes wrong at once, and nothing may be lost.

Uploads run through the local stack while SAM2 fails, messages come twice, objects are overwritten,
functions are killed and upgraded, the broker is restarted, storage refuses, memory and disk run
out, tokens cannot be had and clocks jump. Then SAM2 is mended, and what was given up on is
replayed. Exit code 0 only if at the end every upload has exactly one whole result, for its newest
generation, and everything that was to go wrong did.
"""

import shutil
import sqlite3
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from local import stack
from local.metadata import Issuer
from local.operations import deployment
from local.operations.redrive import redrive
from local.stack import HOPS, OUTPUT_BUCKET, Stack, issuer_key, subscription_path
from shared.schemas import object_names
from tools.chaos.audit import Findings, audit
from tools.chaos.messages import Copies
from tools.chaos.mix import Mix
from tools.chaos.sam2 import FaultySam2
from tools.chaos.trouble import Trouble
from tools.chaos.uploads import Uploads

_SAM2_TIMEOUT = 2.0
_STALLED_SECONDS = 240
"""Without any new result for so long, something is lost."""

_POLL_SECONDS = 0.5


def main() -> None:
    """Exit code 1 if anything is wrong; the logs stay then."""
    mix = Mix.from_arguments()
    console = Console(highlight=False)
    root = Path(tempfile.mkdtemp(prefix="toonmask-chaos-"))
    findings = run(mix, root, console)
    if findings.wrong:
        console.print(f"The logs are in {root / 'logs'}. Again: make chaos SEED={mix.seed} …")
        sys.exit(1)
    shutil.rmtree(root)


def run(mix: Mix, root: Path, console: Console) -> Findings:
    """One run on a stack of its own; prints what was injected and what came out."""
    console.print(f"{mix}", style="dim")
    sam2 = FaultySam2(mix, _SAM2_TIMEOUT, Issuer(issuer_key(root)))
    threading.Thread(target=sam2.serve_forever, daemon=True).start()
    settings = {
        "SAM2_PROVIDER": "toonmask",
        "SAM2_URL": sam2.url,
        "SAM2_AUDIENCE": sam2.origin,
        "SAM2_AUTH": "identity",
        "SAM2_TIMEOUT": str(_SAM2_TIMEOUT),
        "SAM2_DEADLINE": "20",
        "THREADS": "6",  # most of the time a delivery waits for SAM2 to recover
    }
    with stack.running(root, settings, "embedded") as system:
        sam2.target = f"http://127.0.0.1:{system.processes.port('sam2')}/v1/segment"
        copies = Copies(system, mix)
        copies.start()
        uploads = Uploads(system, mix)
        trouble = Trouble(system, mix, sam2, root, uploads.one_more)
        started = time.monotonic()
        uploads.start()
        _await_results(console, system, uploads, trouble)
        copies.stop()
        sam2.over.set()
        _await_rest(system, root)
        replayed = sum(redrive(deployment.local_target(system), hop) for hop in HOPS)
        _await_rest(system, root)
        changed = _bring_late(system, root, copies, uploads) if mix.late else []
        seconds = time.monotonic() - started
        findings = audit(system, uploads.newest, sam2.swapped)
        dead = sum(_count_letters(system, f"{hop}-dead") for hop in HOPS)
        trouble.finish()
    sam2.shutdown()
    injected = uploads.injected + copies.injected + trouble.injected
    injected += Counter({f"SAM2: {fate}": count for fate, count in sam2.injected.items()})
    next_version = findings.versions[trouble.next_version.version]
    came_out = {
        "reached SAM2": sum(v.colour in sam2.reached for _, v in uploads.newest.values()),
        "made by the next version": next_version,
        "given up on, replayed once SAM2 was mended": replayed,
        **{str(status): count for status, count in sorted(findings.states.items())},
        "results for the newest generation": sum(findings.states.values()),
        "dead letters": dead,
    }
    findings.wrong += changed
    findings.wrong += [f"{dead} dead letters"] if dead else []
    findings.wrong += [
        f"nothing of this went wrong, though it was to: {fault}"
        for fault in mix.demanded(seconds)
        if not any(count for what, count in injected.items() if fault in what)
    ]
    if mix.upgrades and not next_version:
        findings.wrong.append("no result was made by the next version")
    _print(console, injected, came_out, findings, seconds)
    return findings


def _await_results(console: Console, system: Stack, uploads: Uploads, trouble: Trouble) -> None:
    """Returns when all trouble has struck and every upload has a result, or none comes any more."""
    done, last_progress = 0, time.monotonic()
    with console.status("") as status:
        while done < uploads.expected or not uploads.are_done or not trouble.is_over:
            system.processes.check()
            before, done = done, _count_results(system, uploads)
            uploads.go_on(done)
            if done > before:
                last_progress = time.monotonic()
            elif time.monotonic() - last_progress > _STALLED_SECONDS:
                return
            status.update(f"{done} of {uploads.expected} results")
            trouble.strike(done / uploads.expected)
            time.sleep(_POLL_SECONDS)


def _count_results(system: Stack, uploads: Uploads) -> int:
    """Asked of the index itself: to list all objects twice a second would cost a processor."""
    newest = {
        object_names.folder(n) + object_names.RESULT: g
        for n, (g, _) in dict(uploads.newest).items()
    }
    shown = """
        SELECT name, json_extract(entry, '$.fields.metadata."source-generation"')
        FROM objects WHERE bucket = ? AND name LIKE ?"""
    found = _ask(system.buckets / ".index.sqlite", shown, OUTPUT_BUCKET, f"%/{object_names.RESULT}")
    return sum(int(generation) == newest.get(name) for name, generation in found)


def _bring_late(system: Stack, root: Path, copies: Copies, uploads: Uploads) -> list[str]:
    """What messages about overwritten uploads have changed: nothing may."""
    before = _generations(system)
    copies.bring_late(uploads)
    _await_rest(system, root)
    after = _generations(system)
    return [
        f"{name} was changed by a late message: {before.get(name)} became {after.get(name)}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _generations(system: Stack) -> dict[str, int]:
    return {blob.name: blob.generation for blob in system.storage.list_blobs(OUTPUT_BUCKET)}


def _await_rest(system: Stack, root: Path) -> None:
    """Until no message is on its way: the journals of broker and storage know."""
    deadline = time.monotonic() + _STALLED_SECONDS
    pushed = [subscription_path(name) for hop in HOPS for name in (hop, f"{hop}-drain")]
    marks = ",".join("?" * len(pushed))
    backlog = f"SELECT count(*) FROM backlog WHERE subscription IN ({marks})"
    while time.monotonic() < deadline:
        system.processes.check()
        ((waiting,),) = _ask(root / "broker.sqlite", backlog, *pushed)
        ((unsent,),) = _ask(system.buckets / ".index.sqlite", "SELECT count(*) FROM outbox")
        if not waiting + unsent:
            return
        time.sleep(_POLL_SECONDS)


def _ask(database: Path, question: str, *values: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(question, values).fetchall()
    finally:
        connection.close()


def _count_letters(system: Stack, name: str) -> int:
    """Messages in a pull subscription."""
    count, subscription = 0, subscription_path(name)
    while True:
        answer = system.subscriber.pull(
            subscription=subscription, max_messages=100, return_immediately=True
        )
        if not answer.received_messages:
            return count
        count += len(answer.received_messages)


def _print(
    console: Console,
    injected: Counter[str],
    came_out: dict[str, int],
    findings: Findings,
    seconds: float,
) -> None:
    table = Table("injected", "", "came out", "", title=f"{seconds:.0f} s")
    left = sorted(injected.items())
    right = [*came_out.items(), ("wrong", len(findings.wrong))]
    for number in range(max(len(left), len(right))):
        cells = [side[number] if number < len(side) else ("", "") for side in (left, right)]
        table.add_row(*(str(cell) for pair in cells for cell in pair))
    console.print(table)
    for sentence in findings.wrong[:50]:
        console.print(sentence, style="red", markup=False)


if __name__ == "__main__":
    main()
