"""Whether each upload ended in exactly one whole result, for its newest generation."""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from local.stack import HOPS, OUTPUT_BUCKET, Stack, subscription_path
from shared import layout, rle
from shared.documents import ResultDocument, Status
from shared.storage import Stamp
from tests.chaos.uploads import STATES, Uploads, picture_width
from tests.pipeline import output, picture


@dataclass
class Findings:
    """How many uploads ended how, and what is wrong, in sentences."""

    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    dead_letters: int = 0


def audit(stack: Stack, uploads: Uploads) -> Findings:
    """Looks at every object of the output bucket."""
    objects = {blob.name: Stamp.of(blob) for blob in stack.storage.list_blobs(OUTPUT_BUCKET)}
    findings = Findings(dead_letters=sum(_count(stack, f"{hop}-dead") for hop in HOPS))
    expected: set[str] = set()
    for name in uploads.newest:
        expected |= _audit_one(stack, uploads, name, objects, findings)
    findings.wrong += [f"{name} is a stray" for name in sorted(objects.keys() - expected)]
    if findings.dead_letters:
        findings.wrong.append(f"{findings.dead_letters} dead letters")
    return findings


def _audit_one(
    stack: Stack, uploads: Uploads, name: str, objects: dict[str, Stamp], findings: Findings
) -> set[str]:
    """The names of the objects that belong to the upload."""
    generation, version = uploads.newest[name]
    folder = layout.folder(name)
    stamp = objects.get(folder + layout.RESULT)
    if stamp is None or stamp.generation != generation:
        findings.wrong.append(f"{name} has no result for {generation}, but {stamp}")
        return {other for other in objects if other.startswith(folder)}
    document = ResultDocument.model_validate_json(output(stack, folder + layout.RESULT))
    findings.states[document.status] += 1
    if document.status not in STATES[version.kind]:
        findings.wrong.append(f"{name}, {version.kind}, is {document.status}: {document.reason}")
    names = {layout.RESULT, *document.pictures}
    if document.status is not Status.REJECTED:
        names.add(layout.PROMPTS)
        if objects[folder + layout.PROMPTS].generation != generation:
            findings.wrong.append(f"{name} has prompts of another generation")
    torn = [one for one in document.pictures if objects.get(folder + one) != stamp]
    findings.wrong += [f"{name}: {one} is missing or of another result" for one in torn]
    if document.pictures and not torn:
        findings.wrong += _look_at(stack, folder, document, version.width)
    return {folder + one for one in names}


def _look_at(stack: Stack, folder: str, document: ResultDocument, width: int) -> list[str]:
    if picture_width(output(stack, f"{folder}overlay.png")) != width:
        return [f"{folder}overlay.png shows another version"]
    mask = picture(stack, f"{folder}mask.png") > 0
    union = np.zeros_like(mask)
    for instance in document.instances:
        union |= rle.decode(instance.rle.counts, instance.rle.size)
    return [] if (mask == union).all() else [f"{folder}mask.png is not what result.json says"]


def _count(stack: Stack, name: str) -> int:
    """Messages in a pull subscription."""
    count, subscription = 0, subscription_path(name)
    while True:
        answer = stack.subscriber.pull(
            subscription=subscription, max_messages=100, return_immediately=True
        )
        if not answer.received_messages:
            return count
        count += len(answer.received_messages)
