"""python -m local.operations.backfill: reprocesses objects of the input bucket.

It publishes a notification for each object. Without --go it only counts the objects. An interrupted
backfill continues when it is started again with the same options. Prompts that a person corrected
are segmented again, and not replaced by a new detection: landmarks sees to that.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from google.cloud.storage import Blob
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from local.operations.deployment import NotRunning, Target, add_arguments, choose_target
from shared.gcp.events import UploadEvent, notification
from shared.gcp.gcs import STATUS_KEY, ObjectRef
from shared.gcp.provenance import Provenance
from shared.schemas import object_names
from shared.schemas.documents import Status

_PUBLISH_SECONDS = 60
"""Timeout to publish a message. Chosen by hand: a longer one waits longer on a broken
connection."""

_SAVED_EVERY = 100
"""Objects between two updates of the cursor's file. Chosen by hand: more repeat more objects after
an interruption, fewer write the file more often."""


@dataclass(frozen=True)
class Choice:
    """The objects to reprocess: those under `prefix`, all, or only those without a result.

    The result before a correction is none: if a correction failed, or was never published, the
    object is reprocessed. So is one of whose frames one has no result.
    """

    prefix: str
    all: bool


@dataclass(frozen=True)
class Upload:
    """An object to reprocess, and whether a person corrected its prompts, or those of a frame."""

    blob: Blob
    is_corrected: bool


def main() -> None:
    """Runs the backfill. The exit code is 1 if no system runs, or after Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    parser.add_argument("--prefix", default="", help="prefix of the objects' names")
    parser.add_argument("--all", action="store_true", help="include objects with a result")
    parser.add_argument("--rate", type=float, default=20, help="maximum objects per second")
    parser.add_argument("--go", action="store_true", help="reprocess, not only count")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    try:
        target = choose_target(arguments)
    except NotRunning as error:
        sys.exit(str(error))
    choice = Choice(arguments.prefix, arguments.all)
    cursor = Cursor(arguments.root.parent / "backfill.json", target, choice)
    with console.status("Listing …"):
        corrected = [one.is_corrected for one in wanted(target, choice, cursor.position)]
    count = len(corrected)
    where = f"gs://{target.input_bucket}/{choice.prefix}"
    if any(corrected):
        console.print(f"{sum(corrected)} of {count} have corrections, which are segmented again.")
    if cursor.position:
        console.print(f"Continuing after {cursor.position!r}.", markup=False)
    if not arguments.go:
        console.print(
            f"{count} objects under {where} would be reprocessed. Add GO=1 to do it.", markup=False
        )
        return
    try:
        with _progress(console) as progress:
            task = progress.add_task("", total=count)
            for _ in publish(target, choice, cursor, arguments.rate):
                progress.advance(task)
    except KeyboardInterrupt:
        sys.exit("Stopped. The same command continues from here.")
    console.print(f"{count} objects under {where} are being reprocessed.", markup=False)


class Cursor:
    """The progress of a backfill, in a file that exists until the backfill is complete."""

    def __init__(self, file: Path, target: Target, choice: Choice) -> None:
        self._file = file
        self._of = [target.input_bucket, choice.prefix, choice.all]
        saved = json.loads(file.read_text()) if file.exists() else {}
        self.position: str = saved.get("position", "") if saved.get("of") == self._of else ""

    def save(self, position: str) -> None:
        """Saves the name of the last object whose notification was published."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text(json.dumps({"of": self._of, "position": position}))

    def end(self) -> None:
        """Deletes the file: the backfill is complete."""
        self._file.unlink(missing_ok=True)


def wanted(target: Target, choice: Choice, after: str) -> Iterator[Upload]:
    """Yields the objects to reprocess whose names come after `after`, in the order of names."""
    corrected = _corrected(target, choice.prefix)
    finished = {} if choice.all else _finished(target, choice.prefix)
    frames = _corrected_frames(corrected)
    for blob in target.storage.list_blobs(
        target.input_bucket, prefix=choice.prefix, start_offset=after or None
    ):
        folder = object_names.folder(blob.name)
        candidates = (folder, *frames.get(folder, ()))
        corrections = {
            one: corrected[one]
            for one in candidates
            if corrected.get(one, (0, 0))[0] == blob.generation
        }
        newest = {folder: (blob.generation, 0)} | corrections
        is_unfinished = any(finished.get(one, (0, 0)) < newest[one] for one in newest)
        if blob.name > after and is_unfinished:
            yield Upload(blob, bool(corrections))


def publish(target: Target, choice: Choice, cursor: Cursor, rate: float) -> Iterator[Blob]:
    """Publishes a notification for each object, at most `rate` per second; yields the objects."""
    started, count = time.monotonic(), 0
    for count, upload in enumerate(wanted(target, choice, cursor.position), 1):
        time.sleep(max(0.0, started + count / rate - time.monotonic()))
        _publish_notification(target, upload.blob)
        if count % _SAVED_EVERY == 1:
            cursor.save(upload.blob.name)
        yield upload.blob
    cursor.end()


def _publish_notification(target: Target, blob: Blob) -> None:
    ref = ObjectRef(target.input_bucket, blob.name, blob.generation)
    message = notification(UploadEvent(ref, blob.content_type or "", blob.size))
    target.publisher.publish(target.topic("uploads"), message.data, **message.attributes).result(
        timeout=_PUBLISH_SECONDS
    )


def _finished(target: Target, prefix: str) -> dict[str, tuple[int, int]]:
    """Returns the folders of results that are not `failed`, with generation and revision."""
    return {
        folder: Provenance.of(blob).edition
        for folder, blob in _listed(target, prefix, object_names.RESULT)
        if (blob.metadata or {}).get(STATUS_KEY) != Status.FAILED.value
    }


def _corrected(target: Target, prefix: str) -> dict[str, tuple[int, int]]:
    """Returns the folders of prompts that a person corrected, with generation and revision."""
    editions = {
        folder: Provenance.of(blob).edition
        for folder, blob in _listed(target, prefix, object_names.PROMPTS)
    }
    return {folder: edition for folder, edition in editions.items() if edition[1]}


def _corrected_frames(corrected: Iterable[str]) -> dict[str, list[str]]:
    """Returns the folders of corrected frames by the folder of their upload."""
    frames = defaultdict[str, list[str]](list)
    for folder in corrected:
        if object_names.of_frame(folder):
            frames[object_names.without_frame(folder)].append(folder)
    return frames


def _listed(target: Target, prefix: str, name: str) -> Iterator[tuple[str, Blob]]:
    """Yields the objects of this name in the folders of uploads, with their folders."""
    for blob in target.storage.list_blobs(
        target.output_bucket,
        prefix=prefix[: object_names.MOST_LISTED_PREFIX],
        match_glob=f"**/{name}",
    ):
        yield blob.name.removesuffix(name), blob


def _progress(console: Console) -> Progress:
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)


if __name__ == "__main__":
    main()
