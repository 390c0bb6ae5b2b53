"""Checks that each upload has exactly one complete result, for its newest generation."""

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
"""The newest generation of each upload and its content, by name."""


@dataclass
class Findings:
    """Numbers of uploads by status and by toonmask's version, and the errors that were found."""

    states: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def audit(stack: Stack, newest: Newest, swapped: Collection[Colour] = ()) -> Findings:
    """Checks all objects of the output bucket.

    `swapped` are the colours of versions whose masks were all those of another image.
    """
    objects = {blob.name: Provenance.of(blob) for blob in stack.storage.list_blobs(OUTPUT_BUCKET)}
    findings = Findings()
    expected: set[str] = set()
    for name, (generation, version) in newest.items():
        folder = object_names.folder(name)
        provenance = objects.get(folder + object_names.RESULT)
        if provenance is None or provenance.generation != generation:
            findings.wrong.append(f"{name} has no result for {generation}, but {provenance}")
            expected |= {other for other in objects if other.startswith(folder)}
            continue
        content = output(stack, folder + object_names.RESULT)
        document = ResultDocument.model_validate_json(content)
        findings.states[document.status] += 1
        findings.versions[document.versions["toonmask"]] += 1
        expected |= {folder + relative for relative in _names(document)}
        wrong = _status_errors(document, version)
        wrong += _provenance_errors(document, provenance, folder, objects)
        if document.pictures and not wrong:
            wrong = _picture_errors(stack, folder, document, version.width)
        if version.colour in swapped and not _is_doubted(content):
            wrong.append("has the masks of another image, but no reason to review")
        findings.wrong += [f"{name}: {error}" for error in wrong]
    findings.wrong += [
        f"{name} does not belong to a result" for name in sorted(objects.keys() - expected)
    ]
    return findings


def _names(document: ResultDocument) -> set[str]:
    """Returns the names of the upload's objects, relative to its folder."""
    prompts = set() if document.status is Status.REJECTED else {object_names.PROMPTS}
    return {object_names.RESULT, *document.pictures} | prompts


def _provenance_errors(
    document: ResultDocument, result: Provenance, folder: str, objects: Mapping[str, Provenance]
) -> list[str]:
    found = {name: objects.get(folder + name) for name in _names(document)}
    prompts = found.pop(object_names.PROMPTS, result)
    errors = [f"{name} is missing or of another result" for name in found if found[name] != result]
    if prompts is None or prompts.generation != result.generation:
        errors.append(f"the prompts are of another generation: {prompts}")
    return errors


def _status_errors(document: ResultDocument, version: Version) -> list[str]:
    if document.status not in STATES[version.kind]:
        return [f"{version.kind} is {document.status}: {document.reason}"]
    expected = REASONS.get(version.kind)
    if expected and (document.reason is None or document.reason.code != expected):
        return [f"{version.kind} is rejected for another reason: {document.reason}"]
    return []


def _is_doubted(content: bytes) -> bool:
    """Whether a result is degraded or has reasons to review it."""
    result = json.loads(content)
    return result["status"] == Status.DEGRADED or bool(result["review"])


def _picture_errors(stack: Stack, folder: str, document: ResultDocument, width: int) -> list[str]:
    if _width(output(stack, f"{folder}overlay.png")) != width:
        return ["overlay.png shows another version"]
    mask = picture(stack, f"{folder}mask.png") > 0
    union = np.zeros_like(mask)
    for instance in document.instances:
        union |= rle.decode(instance.rle.counts, instance.rle.size)
    return [] if (mask == union).all() else ["mask.png differs from the masks in result.json"]


def _width(content: bytes) -> int:
    return PillowImage.open(io.BytesIO(content)).width
