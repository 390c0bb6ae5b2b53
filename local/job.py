"""One batch of images through a running stack: upload, wait for every result, fetch."""

import mimetypes
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack, subscription_path
from shared import layout
from shared.documents import ResultDocument, Status
from shared.storage import Stamp

_POLL_SECONDS = 0.3
_DEAD_LETTER_SUBSCRIPTIONS = ("uploads-dead", "prompts-dead")
_UNKNOWN_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one upload ended; `document` is None where only a dead letter tells of it."""

    name: str
    status: Status
    message: str
    document: ResultDocument | None


def upload(stack: Stack, files: Mapping[str, Path]) -> dict[str, int]:
    """Uploads each file under its object name, as `gsutil cp` would; names with generations."""
    bucket = stack.storage.bucket(INPUT_BUCKET)
    generations = {}
    for name, file in files.items():
        blob = bucket.blob(name)
        content_type = mimetypes.guess_type(file.name, strict=False)[0] or _UNKNOWN_TYPE
        blob.upload_from_filename(str(file), content_type=content_type)
        generations[name] = int(blob.generation)
    return generations


def outcomes(stack: Stack, generations: Mapping[str, int]) -> Iterator[Outcome]:
    """How each upload ended, as soon as it has.

    Raises:
        ChildDied: a part of the stack ended meanwhile.
    """
    waiting = dict(generations)
    while waiting:
        stack.processes.check()
        found = [*_results(stack, waiting), *_dead_letters(stack, waiting)]
        for outcome in found:
            if waiting.pop(outcome.name, None) is not None:
                yield outcome
        if not found:
            time.sleep(_POLL_SECONDS)


def fetch(stack: Stack, name: str, folder: Path) -> None:
    """Copies an upload's results to `folder`, in place of those of an earlier run."""
    for stale in (*folder.glob("*.png"), *folder.glob("*/*.png")):
        if layout.PICTURES.fullmatch(stale.relative_to(folder).as_posix()):
            stale.unlink()
    prefix = layout.folder(name)
    for blob in stack.storage.list_blobs(OUTPUT_BUCKET, prefix=prefix):
        file = folder / blob.name.removeprefix(prefix)
        file.parent.mkdir(parents=True, exist_ok=True)
        blob.download_to_filename(str(file))


def _results(stack: Stack, waiting: Mapping[str, int]) -> Iterator[Outcome]:
    for blob in stack.storage.list_blobs(OUTPUT_BUCKET, match_glob=f"**/{layout.RESULT}"):
        name = blob.name.removesuffix(f"/{layout.RESULT}")
        if name in waiting and Stamp.of(blob).generation == waiting[name]:
            document = ResultDocument.model_validate_json(blob.download_as_bytes())
            message = document.reason.message if document.reason else ""
            yield Outcome(name, document.status, message, document)


def _dead_letters(stack: Stack, waiting: Mapping[str, int]) -> Iterator[Outcome]:
    """Uploads whose deliveries are used up. The dead letters stay where they are."""
    for name in _DEAD_LETTER_SUBSCRIPTIONS:
        answer = stack.subscriber.pull(
            subscription=subscription_path(name), max_messages=100, return_immediately=True
        )
        for received in answer.received_messages:
            attributes = received.message.attributes
            upload_name = attributes.get("objectId", "")
            if waiting.get(upload_name) == int(attributes.get("objectGeneration", -1)):
                hop = name.removesuffix("-dead")
                message = f"Given up on {hop} after its last delivery; the logs say why."
                yield Outcome(upload_name, Status.FAILED, message, None)
