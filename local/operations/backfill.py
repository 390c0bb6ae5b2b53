"""python -m local.operations.backfill: announces objects of the input bucket once more.

Without --go it only counts. Interrupted, it goes on where it was when it is called the same way
again.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from google.cloud.storage import Blob
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from local.operations.deployment import NotRunning, Target, add_arguments, chosen
from shared.gcp.events import FINALIZED
from shared.gcp.gcs import STATUS_KEY
from shared.gcp.provenance import Provenance
from shared.schemas import object_names
from shared.schemas.documents import Status

_PUBLISH_SECONDS = 60
_SAVED_EVERY = 100


@dataclass(frozen=True)
class Choice:
    """Which objects: those under `prefix`, all of them or those without a result that is theirs."""

    prefix: str
    all: bool


def main() -> None:
    """Exit code 1 where there is no system."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    parser.add_argument("--prefix", default="", help="beginning of the objects' names")
    parser.add_argument("--all", action="store_true", help="also those that have a result")
    parser.add_argument("--rate", type=float, default=20, help="objects a second, at most")
    parser.add_argument("--go", action="store_true", help="really do it")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    try:
        target = chosen(arguments)
    except NotRunning as error:
        sys.exit(str(error))
    choice = Choice(arguments.prefix, arguments.all)
    cursor = Cursor(arguments.root.parent / "backfill.json", target, choice)
    with console.status("Listing …"):
        count = sum(1 for _ in wanted(target, choice, cursor.position))
    where = f"gs://{target.input_bucket}/{choice.prefix}"
    if cursor.position:
        console.print(f"Going on after {cursor.position!r}.", markup=False)
    if not arguments.go:
        console.print(f"{count} objects under {where} would be announced: say GO=1.", markup=False)
        return
    try:
        with _progress(console) as progress:
            task = progress.add_task("", total=count)
            for _ in publish(target, choice, cursor, arguments.rate):
                progress.advance(task)
    except KeyboardInterrupt:
        sys.exit("Stopped. The same line goes on where it was.")
    console.print(f"{count} objects under {where} announced.", markup=False)


class Cursor:
    """How far a backfill of some choice has come, in a file that ends with it."""

    def __init__(self, file: Path, target: Target, choice: Choice) -> None:
        self._file = file
        self._of = [target.input_bucket, choice.prefix, choice.all]
        saved = json.loads(file.read_text()) if file.exists() else {}
        self.position: str = saved.get("position", "") if saved.get("of") == self._of else ""

    def save(self, position: str) -> None:
        """The name of the last object that was announced for sure."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({"of": self._of, "position": position}))

    def end(self) -> None:
        """It came to its end: the next begins anew."""
        self._file.unlink(missing_ok=True)


def wanted(target: Target, choice: Choice, after: str) -> Iterator[Blob]:
    """The objects to be announced, in the order of their names, behind `after`."""
    finished = {} if choice.all else _finished(target, choice.prefix)
    for blob in target.storage.list_blobs(
        target.input_bucket, prefix=choice.prefix, start_offset=after or None
    ):
        if blob.name > after and finished.get(object_names.folder(blob.name)) != blob.generation:
            yield blob


def publish(target: Target, choice: Choice, cursor: Cursor, rate: float) -> Iterator[Blob]:
    """Announces them as Cloud Storage does, `rate` a second at most; yields each."""
    started, count = time.monotonic(), 0
    for count, blob in enumerate(wanted(target, choice, cursor.position), 1):
        time.sleep(max(0.0, started + count / rate - time.monotonic()))
        _announce(target, blob)
        if count % _SAVED_EVERY == 1:
            cursor.save(blob.name)
        yield blob
    cursor.end()


def _announce(target: Target, blob: Blob) -> None:
    resource = {
        "kind": "storage#object",
        "bucket": target.input_bucket,
        "name": blob.name,
        "generation": str(blob.generation),
        "size": str(blob.size),
        "contentType": blob.content_type or "",
    }
    target.publisher.publish(
        target.topic("uploads"), json.dumps(resource).encode(), **_attributes(resource)
    ).result(timeout=_PUBLISH_SECONDS)


def _finished(target: Target, prefix: str) -> dict[str, int]:
    """Folders of results that are no failures, with the generations that they show."""
    results = target.storage.list_blobs(
        target.output_bucket, prefix=prefix[:900], match_glob=f"**/{object_names.RESULT}"
    )
    return {
        blob.name.removesuffix(object_names.RESULT): Provenance.of(blob).generation
        for blob in results
        if (blob.metadata or {}).get(STATUS_KEY) != Status.FAILED.value
    }


def _attributes(resource: Mapping[str, str]) -> dict[str, str]:
    return {
        "eventType": FINALIZED,
        "payloadFormat": "JSON_API_V1",
        "bucketId": resource["bucket"],
        "objectId": resource["name"],
        "objectGeneration": resource["generation"],
    }


def _progress(console: Console) -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)


if __name__ == "__main__":
    main()
