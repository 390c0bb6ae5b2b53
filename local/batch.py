"""Runs a batch of images through a running stack: uploads them, waits, and fetches the results."""

import mimetypes
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack
from shared.gcp.provenance import Provenance
from shared.runtime.deadline import Deadline
from shared.schemas import object_names
from shared.schemas.documents import ResultDocument, Status

_POLL_SECONDS = 0.3
"""Interval between checks for results. Chosen by hand: a shorter one costs processor time, a longer
one shows results later."""

_STALLED_SECONDS = 4000
"""Seconds without a new result after which waiting ends. It is longer than ten deliveries of one
message, each until SAM2_DEADLINE. After these, the upload has a result with the status `failed`."""

_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of one upload. `message` is the reason in the document, or empty."""

    name: str
    status: Status
    message: str
    document: ResultDocument


def upload(stack: Stack, files: Mapping[str, Path]) -> dict[str, int]:
    """Uploads each file under its object name, as `gsutil cp` does; returns the generations."""
    bucket = stack.storage.bucket(INPUT_BUCKET)
    generations = {}
    for name, file in files.items():
        blob = bucket.blob(name)
        content_type = mimetypes.guess_type(file.name, strict=False)[0] or _UNKNOWN_TYPE
        blob.upload_from_filename(str(file), content_type=content_type)
        generations[name] = int(blob.generation)
    return generations


class Stalled(Exception):
    """No result arrived for too long. The message names uploads without a result."""


def outcomes(
    stack: Stack, generations: Mapping[str, int], seconds: float = _STALLED_SECONDS
) -> Iterator[Outcome]:
    """Yields the outcome of each upload as soon as its result exists.

    Raises:
        ChildDied: a process of the stack ended.
        Stalled: no result arrived for `seconds`.
    """
    waiting = dict(generations)
    deadline = Deadline.after(seconds)
    while waiting:
        stack.processes.check()
        found = list(_results(stack, waiting))
        for outcome in found:
            if waiting.pop(outcome.name, None) is not None:
                deadline = Deadline.after(seconds)
                yield outcome
        if not deadline.left:
            raise Stalled(
                f"no result arrived for {seconds:.0f} s; missing: {_abbreviated(waiting)}"
            )
        if not found:
            time.sleep(_POLL_SECONDS)


def _abbreviated(names: Iterable[str]) -> str:
    """Returns the first name and the number of the others."""
    first, *rest = sorted(names)
    return f"{first} and {len(rest)} more" if rest else first


def fetch(stack: Stack, name: str, into: Path) -> None:
    """Downloads an upload's result into its folder in `into`; replaces that of an earlier run."""
    prefix = object_names.folder(name)
    folder = into / prefix
    for stale in (*folder.glob("*.*"), *folder.glob("*/*.*"), *folder.glob("frame-*/*/*.png")):
        name_in_folder = stale.relative_to(folder).as_posix()
        if object_names.is_picture(name_in_folder) or object_names.is_frame_object(name_in_folder):
            stale.unlink()
    for blob in stack.storage.list_blobs(OUTPUT_BUCKET, prefix=prefix):
        relative = blob.name.removeprefix(prefix)
        if object_names.is_own(relative):
            file = folder / relative
            file.parent.mkdir(parents=True, exist_ok=True)
            blob.download_to_filename(str(file))


def _results(stack: Stack, waiting: Mapping[str, int]) -> Iterator[Outcome]:
    names = {object_names.folder(name) + object_names.RESULT: name for name in waiting}
    for blob in stack.storage.list_blobs(OUTPUT_BUCKET, match_glob=f"**/{object_names.RESULT}"):
        name = names.get(blob.name)
        if name is not None and Provenance.of(blob).generation == waiting[name]:
            document = ResultDocument.model_validate_json(blob.download_as_bytes())
            message = document.reason.message if document.reason else ""
            yield Outcome(name, document.status, message, document)
