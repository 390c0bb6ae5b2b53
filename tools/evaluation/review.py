"""python -m tools.evaluation.review TRUTH: what `review` flags, over drawings with known faces.

TRUTH is described in tools/evaluation/truth.py. Detection and the embedded segmenter run in this
process.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.imaging.geometry import image_box
from shared.prompting.selection import missed
from shared.schemas.documents import Review
from shared.schemas.prompt import PromptOptions
from shared.segmentation.review import reviewed
from shared.segmentation.service import SegmentedInstance
from tools.evaluation.in_process import InProcess
from tools.evaluation.truth import Drawing, read_truth

_MET, _EXACT = 0.4, 0.75
"""Lowest IoU of boxes with which a face is found, and with which the mask's bounds are right.
Chosen by hand; the first is the same as in `scoring`."""


@dataclass(frozen=True)
class _Result:
    kind: str
    review: Sequence[Review]


def main() -> None:
    """Prints the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truth", type=Path)
    file = parser.parse_args().truth
    steps = InProcess()
    results = [_result(steps, image, drawing) for image, drawing in read_truth(file).items()]
    sys.stdout.write(_table(results) + "\n")


def _result(steps: InProcess, file: Path, truth: Drawing) -> _Result:
    image = steps.decode(file.read_bytes())
    detected = steps.detect(image, "face")
    segmented = steps.segment(image, detected.detections)
    review = reviewed(segmented, missed(detected, image_box(image), PromptOptions()))
    return _Result(_kind(segmented, truth), review)


def _kind(segmented: Sequence[SegmentedInstance], truth: Drawing) -> str:
    """What is wrong with a result, if anything is."""
    faces = [face.box for face in truth.faces]
    unsure = [place.box for place in truth.unsure]
    found = [item.box for item in segmented]
    best = [max((box.iou(face) for box in found), default=0.0) for face in faces]
    if any(iou < _MET for iou in best):
        return "a face is missed"
    if any(all(box.iou(place) < _MET for place in (*faces, *unsure)) for box in found):
        return "something else is found"
    return "a mask's bounds are wrong" if any(iou < _EXACT for iou in best) else "all is right"


def _table(results: Sequence[_Result]) -> str:
    codes = sorted({reason.code.value for result in results for reason in result.review})
    lines = [
        f"| | images | flagged | {' | '.join(codes)} |",
        f"| --- | ---: | ---: | {' | '.join(['---:'] * len(codes))} |",
    ]
    groups: defaultdict[str, list[_Result]] = defaultdict(list)
    for result in results:
        groups[result.kind].append(result)
    for kind, group in sorted(groups.items()):
        flagged = sum(bool(result.review) for result in group)
        counts = Counter(
            code for result in group for code in {reason.code.value for reason in result.review}
        )
        cells = " | ".join(str(counts[code]) for code in codes)
        lines.append(f"| {kind} | {len(group)} | {flagged / len(group):.0%} | {cells} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
