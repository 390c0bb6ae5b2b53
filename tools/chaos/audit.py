"""Whether each upload ended in exactly one whole result, for its newest generation."""

import io
import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
from PIL import Image as PillowImage

from local.stack import OUTPUT_BUCKET, Stack
from shared.gcp.provenance import Provenance
from shared.imaging import rle
from shared.schemas import object_names
from shared.schemas.documents import ResultDocument, Status
from tools.chaos.versions import REASONS, STATES, Colour, Version
from tools.support.pipeline import output, picture

Newest = Mapping[str, tuple[int, Version]]
"""By name: each upload's newest generation, and what it shows."""


@dataclass
class Findings:
    """How many uploads ended how, by which versions of ours, and what is wrong, in sentences."""

    states: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def audit(stack: Stack, newest: Newest, swapped: Collection[Colour] = ()) -> Findings:
    """Looks at every object of the output bucket.

    `swapped`: versions whose every mask was that of another image.
    """
    objects = {blob.name: Provenance.of(blob) for blob in stack.storage.list_blobs(OUTPUT_BUCKET)}
    findings = Findings()
    expected: set[str] = set()
    for name, (generation, version) in newest.items():
        folder = object_names.folder(name)
        stamp = objects.get(folder + object_names.RESULT)
        if stamp is None or stamp.generation != generation:
            findings.wrong.append(f"{name} has no result for {generation}, but {stamp}")
            expected |= {other for other in objects if other.startswith(folder)}
            continue
        content = output(stack, folder + object_names.RESULT)
        document = ResultDocument.model_validate_json(content)
        findings.states[document.status] += 1
        findings.versions[document.versions["toonmask"]] += 1
        expected |= {folder + one for one in _names(document)}
        wrong = _misjudged(document, version) + _torn(document, stamp, folder, objects)
        if document.pictures and not wrong:
            wrong = _look_at(stack, folder, document, version.width)
        if version.colour in swapped and not _is_doubted(content):
            wrong.append("has another image's masks, and nothing says so")
        findings.wrong += [f"{name}: {what}" for what in wrong]
    findings.wrong += [f"{name} is a stray" for name in sorted(objects.keys() - expected)]
    return findings


def _names(document: ResultDocument) -> set[str]:
    """What belongs to the upload, relative to its folder."""
    prompts = set() if document.status is Status.REJECTED else {object_names.PROMPTS}
    return {object_names.RESULT, *document.pictures} | prompts


def _torn(
    document: ResultDocument, result: Provenance, folder: str, objects: Mapping[str, Provenance]
) -> list[str]:
    stamps = {one: objects.get(folder + one) for one in _names(document)}
    prompts = stamps.pop(object_names.PROMPTS, result)
    torn = [f"{one} is missing or of another result" for one in stamps if stamps[one] != result]
    if prompts is None or prompts.generation != result.generation:
        torn.append(f"the prompts are of another generation: {prompts}")
    return torn


def _misjudged(document: ResultDocument, version: Version) -> list[str]:
    if document.status not in STATES[version.kind]:
        return [f"{version.kind} is {document.status}: {document.reason}"]
    expected = REASONS.get(version.kind)
    if expected and (document.reason is None or document.reason.code != expected):
        return [f"{version.kind} is rejected for another reason: {document.reason}"]
    return []


def _is_doubted(content: bytes) -> bool:
    """Whether a result says that it may be wrong."""
    told = json.loads(content)
    return told["status"] == Status.DEGRADED or bool(told["review"])


def _look_at(stack: Stack, folder: str, document: ResultDocument, width: int) -> list[str]:
    if _width(output(stack, f"{folder}overlay.png")) != width:
        return ["overlay.png shows another version"]
    mask = picture(stack, f"{folder}mask.png") > 0
    union = np.zeros_like(mask)
    for instance in document.instances:
        union |= rle.decode(instance.rle.counts, instance.rle.size)
    return [] if (mask == union).all() else ["mask.png is not what result.json says"]


def _width(content: bytes) -> int:
    return PillowImage.open(io.BytesIO(content)).width
