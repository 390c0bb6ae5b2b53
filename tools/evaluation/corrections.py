"""python -m tools.evaluation.corrections TRUTH…: how far a person's box and clicks lead.

TRUTH are drawings with faces known by eye (tools/evaluation/truth.py), or manifests of corpora with
label maps. For each face with a known mask, a simulated person draws a box around it, or clicks on
it; then he clicks in the middle of the largest error, again and again, as in the literature on
interactive segmentation (Sofiiuk et al., "Reviving iterative training with mask guidance for
interactive segmentation", 2022). Detection is not run, so faces that it misses count as all others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
from rich.progress import track

from shared.detection.detections import Detection
from shared.detection.detector import Detector
from shared.imaging.geometry import BoolMask, Image, bounding_box, depths, image_box
from shared.imaging.morphology import morphed
from shared.prompting.builder import build_prompts
from shared.prompting.corrections import with_clicks
from shared.schemas.box import Box
from shared.schemas.given_prompts import ShownInstance
from shared.schemas.prompt import LabelledPixel, Prompt, PromptOptions
from shared.segmentation.backends.embedded import EmbeddedSegmenter
from shared.segmentation.backends.embedded_masks import EmbeddedMasks
from shared.segmentation.service import SegmentationService
from tools.evaluation.drawings import GOOD, Regions
from tools.evaluation.in_process import InProcess
from tools.evaluation.true_faces import TrueFace, true_faces

_CLICKS = 5
"""Corrections of each mask."""

_JITTER = 0.06
"""How far the edges of the person's box are off, as a share of its sides."""

_DEEP = 0.3
"""A person clicks where a face is at least so deep, as a share of its greatest depth."""

_FOUND = 0.5
"""Least IoU of the bounds of the outline with the true box for the click to have found the face."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """IoUs of a mask: first, and after each correction; and whether the place was found."""

    ious: tuple[float, ...]
    is_found: bool


class Person:
    """A simulated person at the embedded segmenter. Deterministic."""

    def __init__(self) -> None:
        self._detector = Detector()
        segmenter = EmbeddedSegmenter("grabcut", EmbeddedMasks().candidates)
        self._masking = SegmentationService(segmenter, None, seconds=600)
        self._random = np.random.default_rng(0)

    def box(self, face: TrueFace, image: Image) -> ShownInstance:
        """Draws a box around a face, not quite exactly."""
        sides = np.array([face.box.width, face.box.height] * 2)
        drawn = np.rint(face.box + self._random.uniform(-_JITTER, _JITTER, 4) * sides)
        x0, y0, x1, y1 = drawn.astype(int).tolist()
        return ShownInstance(box=Box(x0, y0, x1, y1).intersection(image_box(image)))

    def click(self, face: TrueFace, image: Image) -> ShownInstance:
        """Clicks somewhere on a face."""
        del image
        depth = depths(face.regions.true)
        places = np.argwhere(depth >= _DEEP * depth.max())
        y, x = places[self._random.integers(len(places))].tolist()
        return ShownInstance(points=((x, y, 1),))

    def work(self, image: Image, face: TrueFace, shown: ShownInstance) -> Outcome:
        """Shows a face, then corrects its mask."""
        (detection,) = self._detector.locate(image, [shown])
        prompt = _prompt(detection, shown, image)
        clicks = list(prompt.clicks)
        ious = []
        for _ in range(_CLICKS + 1):
            mask = self._mask(image, prompt)
            ious.append(face.regions.iou(mask))
            if (click := _next_click(mask, face.regions)) is not None:
                clicks.append(click)
                prompt = with_clicks(prompt, clicks, image_box(image))
        found = bounding_box(detection.polygon).iou(face.box) >= _FOUND
        return Outcome(tuple(ious), found)

    def _mask(self, image: Image, prompt: Prompt) -> BoolMask:
        (item,) = self._masking.segment_image(image, [prompt]).segmented
        mask = np.zeros(image.shape[:2], bool)
        mask[item.mask.window.slices] = item.mask.pixels
        return mask


def main() -> None:
    """Prints a table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truths", type=Path, nargs="+", metavar="truth")
    options = parser.parse_args()
    person = Person()
    ways: dict[str, Callable[[TrueFace, Image], ShownInstance]] = {
        "box": person.box,
        "click": person.click,
    }
    for truth in options.truths:
        outcomes: dict[str, list[Outcome]] = {way: [] for way in ways}
        for path, faces in track(list(true_faces(truth)), console=None, disable=True):
            image = InProcess.decode(path.read_bytes())
            for face in faces:
                for way, show in ways.items():
                    outcomes[way].append(person.work(image, face, show(face, image)))
        sys.stdout.write(report(str(truth), outcomes))


def report(name: str, outcomes: dict[str, list[Outcome]]) -> str:
    """Returns the mean IoUs and the shares of good masks as Markdown."""
    corrections = " | ".join(f"{n} more" for n in range(1, _CLICKS + 1))
    lines = [
        f"| {name} | faces | placed | at first | {corrections} |",
        f"| --- | ---: | ---: | ---: |{' ---: |' * _CLICKS}",
    ]
    for way, of_way in outcomes.items():
        ious = np.array([outcome.ious for outcome in of_way])
        placed = np.mean([outcome.is_found for outcome in of_way])
        cells = [f"{iou:.3f} ({good:.0%})" for iou, good in zip(*_columns(ious), strict=True)]
        lines.append(f"| {way} | {len(of_way)} | {placed:.0%} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n\n"


def _columns(ious: npt.NDArray[np.float64]) -> tuple[Sequence[float], Sequence[float]]:
    return ious.mean(axis=0).tolist(), (ious >= GOOD).mean(axis=0).tolist()


def _prompt(detection: Detection, shown: ShownInstance, image: Image) -> Prompt:
    (prompt,) = build_prompts([detection], image_box(image), PromptOptions())
    return with_clicks(prompt, shown.points, image_box(image))


def _next_click(mask: BoolMask, regions: Regions) -> LabelledPixel | None:
    """A click in the middle of the largest error; None if there is none."""
    errors = (mask ^ regions.true) & regions.scored
    if not errors.any():
        return None
    thick = morphed(errors, cv2.MORPH_OPEN, 1)
    depth = depths(thick if thick.any() else errors)
    y, x = np.unravel_index(int(depth.argmax()), depth.shape)
    return int(x), int(y), 1 if regions.true[y, x] else 0


if __name__ == "__main__":
    main()
