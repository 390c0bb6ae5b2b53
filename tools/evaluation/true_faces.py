"""Faces whose masks are known: drawings with polygons made by eye, or corpora with label maps."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2

from shared.schemas.box import Box
from tools.evaluation.details import face_numbers
from tools.evaluation.drawings import Regions
from tools.evaluation.manifest import IGNORE, Manifest, read_label
from tools.evaluation.truth import read_truth


@dataclass(frozen=True, slots=True, eq=False)
class TrueFace:
    """The box of a true face and its mask."""

    box: Box
    regions: Regions


def true_faces(file: Path) -> Iterator[tuple[Path, list[TrueFace]]]:
    """Yields the images of a file, with their faces that have a known mask.

    The file has drawings (tools/evaluation/truth.py), or is the manifest of a corpus.
    """
    if "images" in json.loads(file.read_bytes()):
        return _of_corpus(file)
    return _of_drawings(file)


def _of_corpus(file: Path) -> Iterator[tuple[Path, list[TrueFace]]]:
    for image in Manifest.read(file).images:
        if image.label is None:
            continue
        label = read_label(file.parent / image.label)
        faces = zip(image.faces, face_numbers(label, image), strict=True)
        yield (
            file.parent / image.image,
            [TrueFace(f.box, Regions(label == n, label != IGNORE)) for f, n in faces if n],
        )


def _of_drawings(file: Path) -> Iterator[tuple[Path, list[TrueFace]]]:
    for path, drawing in read_truth(file).items():
        if any(place.polygon for place in drawing.faces):
            shape = cv2.imread(str(path)).shape[:2]
            regions = [(place.box, Regions.of(place, shape)) for place in drawing.faces]
            yield path, [TrueFace(box, known) for box, known in regions if known]
