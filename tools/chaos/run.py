"""python -m tools.chaos.run: tests that no upload is lost under many faults at once.

Uploads run through the local stack while SAM2 fails, messages arrive twice, objects are
overwritten, functions are killed and upgraded, the broker is restarted, storage refuses, memory and
disk run out, tokens are not available, and clocks jump. Then SAM2 works again, and dead letters are
replayed. The exit code is 0 only if each upload then has exactly one complete result, for its
newest generation, and all requested faults occurred.
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
from tools.chaos.faults import FaultInjector
from tools.chaos.messages import Copies
from tools.chaos.mix import Mix
from tools.chaos.sam2 import FaultySam2
from tools.chaos.uploads import Uploads

_SAM2_TIMEOUT = 2.0
"""SAM2_TIMEOUT of the functions. Chosen by hand: a longer one makes hanging calls take longer."""

_STALLED_SECONDS = 240
"""Seconds without a new result after which a message is regarded as lost. Chosen by hand: longer
than all retries of a message take."""

_POLL_SECONDS = 0.5


def main() -> None:
    """Runs the test. If an error is found, the exit code is 1, and the logs are kept."""
    mix = Mix.from_arguments()
    console = Console(highlight=False)
    root = Path(tempfile.mkdtemp(prefix="toonmask-chaos-"))
    findings = run(mix, root, console)
    if findings.wrong:
        console.print(f"The logs are in {root / 'logs'}. To repeat: make chaos SEED={mix.seed} …")
        sys.exit(1)
    shutil.rmtree(root)


def run(mix: Mix, root: Path, console: Console) -> Findings:
    """Runs the test on its own stack; prints the injected faults and the results."""
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
        "THREADS": "6",  # most deliveries wait for SAM2
    }
    with stack.running(root, settings, "embedded") as system:
        sam2.target = f"http://127.0.0.1:{system.processes.port('sam2')}/v1/segment"
        copies = Copies(system, mix)
        copies.start()
        uploads = Uploads(system, mix)
        faults = FaultInjector(system, mix, sam2, root, uploads.add)
        started = time.monotonic()
        uploads.start()
        _await_results(console, system, uploads, faults)
        copies.stop()
        sam2.over.set()
        _await_idle(system, root)
        replayed = sum(redrive(deployment.local_target(system), hop) for hop in HOPS)
        _await_idle(system, root)
        changed = _send_late(system, root, copies, uploads) if mix.late else []
        seconds = time.monotonic() - started
        findings = audit(system, uploads.newest, sam2.swapped)
        dead = sum(_count_messages(system, f"{hop}-dead") for hop in HOPS)
        faults.finish()
    sam2.shutdown()
    injected = uploads.injected + copies.injected + faults.injected
    injected += Counter({f"SAM2: {fault}": count for fault, count in sam2.injected.items()})
    next_version = findings.versions[faults.next_version.version]
    results = {
        "reached SAM2": sum(v.colour in sam2.reached for _, v in uploads.newest.values()),
        "made by the next version": next_version,
        "dead letters replayed after SAM2 recovered": replayed,
        **{str(status): count for status, count in sorted(findings.states.items())},
        "results for the newest generation": sum(findings.states.values()),
        "remaining dead letters": dead,
    }
    findings.wrong += changed
    findings.wrong += [f"{dead} dead letters"] if dead else []
    findings.wrong += [
        f"this fault did not occur: {fault}"
        for fault in mix.demanded(seconds)
        if not any(count for name, count in injected.items() if fault in name)
    ]
    if mix.upgrades and not next_version:
        findings.wrong.append("no result was made by the next version")
    _print(console, injected, results, findings, seconds)
    return findings


def _await_results(
    console: Console, system: Stack, uploads: Uploads, faults: FaultInjector
) -> None:
    """Waits until all faults are injected and all uploads have results, or no result arrives."""
    done, last_progress = 0, time.monotonic()
    with console.status("") as status:
        while done < uploads.expected or not uploads.are_done or not faults.are_done:
            system.processes.check()
            before, done = done, _count_results(system, uploads)
            uploads.release(done)
            if done > before:
                last_progress = time.monotonic()
            elif time.monotonic() - last_progress > _STALLED_SECONDS:
                return
            status.update(f"{done} of {uploads.expected} results")
            faults.inject_due(done / uploads.expected)
            time.sleep(_POLL_SECONDS)


def _count_results(system: Stack, uploads: Uploads) -> int:
    """Counts results of newest generations in the index. Listings would occupy a processor."""
    newest = {
        object_names.folder(n) + object_names.RESULT: g
        for n, (g, _) in dict(uploads.newest).items()
    }
    statement = """
        SELECT name, json_extract(entry, '$.fields.metadata."source-generation"')
        FROM objects WHERE bucket = ? AND name LIKE ?"""
    pattern = f"%/{object_names.RESULT}"
    found = _query(system.buckets / ".index.sqlite", statement, OUTPUT_BUCKET, pattern)
    return sum(int(generation) == newest.get(name) for name, generation in found)


def _send_late(system: Stack, root: Path, copies: Copies, uploads: Uploads) -> list[str]:
    """Sends messages about overwritten uploads late; returns errors for objects that changed."""
    before = _generations(system)
    copies.send_late(uploads)
    _await_idle(system, root)
    after = _generations(system)
    return [
        f"{name} was changed by a late message: {before.get(name)} became {after.get(name)}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]


def _generations(system: Stack) -> dict[str, int]:
    return {blob.name: blob.generation for blob in system.storage.list_blobs(OUTPUT_BUCKET)}


def _await_idle(system: Stack, root: Path) -> None:
    """Waits until no message is in flight, according to the databases of broker and storage."""
    deadline = time.monotonic() + _STALLED_SECONDS
    pushed = [subscription_path(name) for hop in HOPS for name in (hop, f"{hop}-drain")]
    marks = ",".join("?" * len(pushed))
    backlog = f"SELECT count(*) FROM backlog WHERE subscription IN ({marks})"
    while time.monotonic() < deadline:
        system.processes.check()
        ((waiting,),) = _query(root / "broker.sqlite", backlog, *pushed)
        ((unsent,),) = _query(system.buckets / ".index.sqlite", "SELECT count(*) FROM outbox")
        if not waiting + unsent:
            return
        time.sleep(_POLL_SECONDS)


def _query(database: Path, statement: str, *values: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)
    try:
        return connection.execute(statement, values).fetchall()
    finally:
        connection.close()


def _count_messages(system: Stack, name: str) -> int:
    """Returns the number of messages in a pull subscription."""
    count, subscription = 0, subscription_path(name)
    while True:
        response = system.subscriber.pull(
            subscription=subscription, max_messages=100, return_immediately=True
        )
        if not response.received_messages:
            return count
        count += len(response.received_messages)


def _print(
    console: Console,
    injected: Counter[str],
    results: dict[str, int],
    findings: Findings,
    seconds: float,
) -> None:
    table = Table("injected", "", "results", "", title=f"{seconds:.0f} s")
    left = sorted(injected.items())
    right = [*results.items(), ("errors", len(findings.wrong))]
    for number in range(max(len(left), len(right))):
        cells = [side[number] if number < len(side) else ("", "") for side in (left, right)]
        table.add_row(*(str(cell) for pair in cells for cell in pair))
    console.print(table)
    for sentence in findings.wrong[:50]:
        console.print(sentence, style="red", markup=False)


if __name__ == "__main__":
    main()
