"""Compares prompts and masks of drawn faces to the truth of a corpus, in detail."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shared.imaging.geometry import BoolMask, fill_holes
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt
from tools.evaluation.manifest import IGNORE, CorpusImage, read_label
from tools.evaluation.predict import Output

MATCHED = 0.2
"""A prompt belongs to the true face with the highest IoU of the boxes, if it is at least this.
Chosen by hand: as low as that of extra boxes in `scoring`."""

_CHIN = 0.75
"""A pixel is below the chin if the nearest pixel of the face is lower than this share of the face's
height. Chosen by hand."""

_TOO_MUCH = 0.05
"""Share of a mask's area on neck, or on hair and background, from which the mask is counted as
wrong. Chosen by hand: a lower share also counts small errors."""


@dataclass(frozen=True, slots=True)
class Details:
    """One found face: its prompt's points and box, and errors of its mask."""

    positive: int
    positive_outside: int
    negative: int
    negative_inside: int
    box_cover: float
    box_area: float
    leaks_below_chin: bool
    has_hole: bool
    takes_hair: bool


@dataclass(frozen=True, slots=True)
class Summary:
    """Shares of points and faces, and mean ratios of boxes."""

    faces: int
    positive_inside: float
    negative_inside: float
    box_cover: float
    box_area: float
    leaks_below_chin: float
    has_hole: float
    takes_hair: float


def details_of(image: CorpusImage, root: Path, output: Output) -> Iterator[Details]:
    """Yields the details of each found face that matches a true one."""
    if image.label is None:
        return
    label = read_label(root / image.label)
    numbers = face_numbers(label, image)
    for prompt in output.prompts.instances:
        overlaps = [face.box.iou(prompt.box) for face in image.faces]
        best = int(np.argmax(overlaps))
        if overlaps[best] >= MATCHED and numbers[best]:
            yield _details(
                prompt, image.faces[best].box, label, numbers[best], output.instances[prompt.id]
            )


def summary(details: Iterable[Details]) -> Summary:
    """Summarises all faces of a corpus.

    Raises:
        ZeroDivisionError: there are no faces.
    """
    rows = list(details)

    def share(field: str) -> float:
        return round(sum(getattr(row, field) for row in rows) / len(rows), 4)

    return Summary(
        faces=len(rows),
        positive_inside=1 - _ratio(rows, "positive_outside", "positive"),
        negative_inside=_ratio(rows, "negative_inside", "negative"),
        **{
            field: share(field)
            for field in ("box_cover", "box_area", "leaks_below_chin", "has_hole", "takes_hair")
        },
    )


def _ratio(rows: list[Details], part: str, whole: str) -> float:
    total = sum(getattr(row, whole) for row in rows)
    return round(sum(getattr(row, part) for row in rows) / max(total, 1), 4)


def face_numbers(label: npt.NDArray[np.uint8], image: CorpusImage) -> list[int]:
    """Returns the label of each of the image's faces; 0 for an invisible one."""
    numbers = []
    for face in image.faces:
        labels = label[face.box.slices]
        counts = np.bincount(labels[(labels > 0) & (labels < IGNORE)], minlength=1)
        numbers.append(int(counts.argmax()))
    return numbers


def _details(
    prompt: Prompt, face: Box, label: npt.NDArray[np.uint8], number: int, mask: BoolMask
) -> Details:
    truth, background = label == number, label == 0
    any_face = (label > 0) & (label < IGNORE)
    rows = np.nonzero(truth.any(axis=1))[0]
    chin = rows.min() + _CHIN * np.ptp(rows)
    nearest = ndimage.distance_transform_edt(~truth, return_distances=False, return_indices=True)
    wrong = mask & background
    below = wrong & (nearest[0] > chin)
    area = max(np.count_nonzero(mask), 1)
    return Details(
        positive=len(prompt.positive),
        positive_outside=sum(bool(background[y, x]) for x, y in prompt.positive),
        negative=len(prompt.negative),
        negative_inside=sum(bool(any_face[y, x]) for x, y in prompt.negative),
        box_cover=face.intersection(prompt.box).area / face.area,
        box_area=prompt.box.area / face.area,
        leaks_below_chin=bool(np.count_nonzero(below) > _TOO_MUCH * area),
        has_hole=bool((fill_holes(mask) & ~mask & truth).any()),
        takes_hair=bool(np.count_nonzero(wrong & ~below) > _TOO_MUCH * area),
    )
