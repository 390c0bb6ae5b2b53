"""python -m tools.benchmarks.sam2_precision MANIFEST: how much the runtimes' masks differ.

It compares the masks of a corpus's faces with those of torch in float32. The weights are random,
because no others were at hand: their masks have logits near 0, so roundings move more of the edge
than with trained weights. It needs the dependency group `sam2-gpu`.
"""

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pictures

from shared.imaging.geometry import BoolMask, Image, mask_iou
from shared.sam2_server.job import Job
from shared.sam2_server.network import Network
from shared.sam2_server.openvino_network import OpenVinoNetwork
from shared.sam2_server.sam2_backend import Sam2Backend
from shared.sam2_server.settings import Sam2Settings
from shared.sam2_server.torch_network import TorchNetwork
from shared.segmentation.sam2.contract import PromptPart, SegmenterPart
from tools.benchmarks import sam2_checkpoints
from tools.benchmarks.report import table
from tools.evaluation.manifest import Manifest, read_label

_IMAGES = 20
"""Images that are compared, with one face each. Chosen by hand: torch needs seconds for each."""

_POINTS = 8
"""Points inside and outside, as many as prompts of this project have."""

_CONTEXT = 0.5
"""Margin of a crop around a face, relative to its size."""

_GOOD = 0.99


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A crop with one face, and its prompt in pixels of the crop."""

    image: Image
    prompt: PromptPart


def main() -> None:
    """Prints a table for each network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("names", nargs="*", default=["EdgeTAM", "SAM 2.1 tiny"])
    arguments = parser.parse_args()
    cases = list(_cases(arguments.manifest))
    for name in arguments.names:
        with tempfile.TemporaryDirectory() as folder:
            sam2_checkpoints.save(name, Path(folder))
            sys.stdout.write("\n".join(_report(name, Path(folder), cases)) + "\n")
            sys.stdout.flush()


def _cases(manifest: Path) -> Iterator[Case]:
    dice = random.Random(0)
    images = [image for image in Manifest.read(manifest).images if image.label]
    for entry in dice.sample(images, min(_IMAGES, len(images))):
        labels = read_label(manifest.parent / str(entry.label))
        with Pictures.open(manifest.parent / entry.image) as file:
            picture = np.asarray(file.convert("RGB"))
        number = dice.randrange(len(entry.faces))
        yield _case(picture, labels == number + 1, dice)


def _case(picture: Image, mask: BoolMask, dice: random.Random) -> Case:
    rows, columns = np.nonzero(mask)
    top, bottom, left, right = rows.min(), rows.max() + 1, columns.min(), columns.max() + 1
    margin = round(_CONTEXT * max(bottom - top, right - left))
    window = (
        slice(max(0, top - margin), bottom + margin),
        slice(max(0, left - margin), right + margin),
    )
    crop, inside = picture[window], mask[window]
    y, x = window[0].start, window[1].start
    box = float(left - x), float(top - y), float(right - x), float(bottom - y)
    points = [*_points(inside, 1, dice), *_points(~inside, 0, dice)]
    return Case(np.ascontiguousarray(crop), PromptPart(points=points, box=box))


def _points(area: BoolMask, label: int, dice: random.Random) -> list[tuple[float, float, Any]]:
    rows, columns = np.nonzero(area)
    chosen = [dice.randrange(len(rows)) for _ in range(_POINTS)]
    return [(float(columns[index]), float(rows[index]), label) for index in chosen]


def _report(name: str, folder: Path, cases: Sequence[Case]) -> list[str]:
    exact = _masks(TorchNetwork(folder, "cpu", reduced=False), cases)
    others: dict[str, Callable[[Path], Network]] = {
        "torch, bfloat16": partial(TorchNetwork, device="cpu", reduced=True),
        "OpenVINO, float32": partial(OpenVinoNetwork, precision="f32"),
        "OpenVINO, the processor's precision": OpenVinoNetwork,
    }
    rows = []
    for title, load in others.items():
        network = load(folder)
        ious = [
            mask_iou(one, other)
            for pair in zip(_masks(network, cases), exact, strict=True)
            for one, other in zip(*pair, strict=True)
        ]
        share = np.mean([iou >= _GOOD for iou in ious])
        cells = [f"{np.mean(ious):.4f}", f"{min(ious):.4f}", f"{share:.0%}"]
        rows.append([f"{title} ({network.runtime.rpartition('-')[2]})", *cells])
    masks = sum(map(len, exact))
    return table([f"{name}: {masks} masks", "mean IoU", "least IoU", f"IoU ≥ {_GOOD}"], rows)


def _masks(network: Network, cases: Sequence[Case]) -> list[list[BoolMask]]:
    backend = Sam2Backend(network, SegmenterPart(backend="sam2"), Sam2Settings())
    jobs = (Job(case.image, b"%d" % n, [case.prompt], True) for n, case in enumerate(cases))
    return [
        [mask.values > 0.5 for mask in masks] for job in jobs for masks in backend.segment([job])
    ]


if __name__ == "__main__":
    main()
