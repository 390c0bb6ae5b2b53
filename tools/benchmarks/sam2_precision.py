"""python -m tools.benchmarks.sam2_precision MANIFEST: how much the runtimes' masks differ.

No trained weights were at hand, and masks of random weights are noise, whose edge every rounding
moves. So it fits the mask decoder of a network with random weights to true faces of a corpus, with
the encoder as it is. Then it compares the masks of other faces with those of torch in float32. It
needs the dependency group `sam2-gpu`.
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
import torch
from PIL import Image as Pictures
from torch.nn import functional
from transformers import AutoModelForMaskGeneration

from shared.imaging.geometry import BoolMask, Image, mask_iou
from shared.sam2_server.job import Job
from shared.sam2_server.network import Network
from shared.sam2_server.openvino_network import OpenVinoNetwork
from shared.sam2_server.sam2_backend import Sam2Backend, resized
from shared.sam2_server.settings import Sam2Settings
from shared.sam2_server.torch_network import TorchNetwork
from shared.segmentation.sam2.contract import PromptPart, SegmenterPart
from tools.benchmarks import sam2_checkpoints
from tools.benchmarks.report import table
from tools.evaluation.manifest import Manifest, read_label

_IMAGES = 80
_HELD_OUT = 4
"""Images that are used, and one in how many is compared instead of fitted."""

_STEPS = 600
_RATE = 3e-4
"""Steps of one face each, and the learning rate. Chosen by hand: enough for masks with one edge."""

_POINTS = 8
"""Points inside and outside, as many as prompts of this project have."""

_CONTEXT = 0.5
"""Margin of a crop around a face, relative to its size."""

_GOOD = 0.99


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A crop with one face: its image, the true mask, and a prompt in its pixels."""

    image: Image
    mask: BoolMask
    prompt: PromptPart


def main() -> None:
    """Prints a table for each network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=Path)
    parser.add_argument("names", nargs="*", default=["EdgeTAM", "SAM 2.1 tiny"])
    arguments = parser.parse_args()
    cases = list(_cases(arguments.manifest))
    fitted = [case for index, case in enumerate(cases) if index % _HELD_OUT]
    for name in arguments.names:
        with tempfile.TemporaryDirectory() as folder:
            sam2_checkpoints.save(name, Path(folder))
            _fit(Path(folder), fitted)
            sys.stdout.write("\n".join(_report(name, Path(folder), cases[::_HELD_OUT])) + "\n")
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
    return Case(np.ascontiguousarray(crop), inside, PromptPart(points=points, box=box))


def _points(area: BoolMask, label: int, dice: random.Random) -> list[tuple[float, float, Any]]:
    rows, columns = np.nonzero(area)
    chosen = [dice.randrange(len(rows)) for _ in range(_POINTS)]
    return [(float(columns[index]), float(rows[index]), label) for index in chosen]


def _fit(folder: Path, cases: Sequence[Case]) -> None:
    """Fits the decoder to the true masks, and saves the network."""
    torch.manual_seed(0)
    network = TorchNetwork(folder, "cpu", reduced=False)
    embeddings = [network.encode([resized(case.image, network.side)])[0] for case in cases]
    model: Any = AutoModelForMaskGeneration.from_pretrained(folder)
    # the encoder calls the two convolutions of the decoder: its outputs are kept
    fixed = model.mask_decoder.conv_s0, model.mask_decoder.conv_s1
    frozen = {parameter for part in fixed for parameter in part.parameters()}
    fitted = [p for p in model.mask_decoder.parameters() if p not in frozen]
    optimiser = torch.optim.AdamW(fitted, _RATE)
    dice = random.Random(0)
    for _ in range(_STEPS):
        index = dice.randrange(len(cases))
        loss = _loss(model, [level.clone() for level in embeddings[index]], cases[index])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    model.save_pretrained(folder)


def _loss(model: Any, embedding: list[torch.Tensor], case: Case) -> torch.Tensor:
    """Returns the cross entropy of all three masks, and one minus their Dice coefficient."""
    side = model.config.prompt_encoder_config.image_size
    height, width = case.mask.shape
    scale = torch.tensor([side / width, side / height])
    points = torch.tensor([[x, y] for x, y, _ in case.prompt.points]) * scale
    labels = torch.tensor([label for *_, label in case.prompt.points])
    box = (torch.tensor(case.prompt.box).view(2, 2) * scale).view(1, 1, 4)
    output = model(
        image_embeddings=embedding,
        input_points=points[None, None],
        input_labels=labels[None, None],
        input_boxes=box,
        multimask_output=True,
    )
    logits = output.pred_masks[0, 0]
    small = Pictures.fromarray(case.mask).resize(tuple(logits.shape[:0:-1]))
    truth = torch.from_numpy(np.asarray(small)).float().expand_as(logits)
    chance = logits.sigmoid()
    overlap = 2 * (chance * truth).sum((1, 2)) + 1
    shares = overlap / (chance.sum((1, 2)) + truth.sum((1, 2)) + 1)
    return functional.binary_cross_entropy_with_logits(logits, truth) + (1 - shares).mean()


def _report(name: str, folder: Path, cases: Sequence[Case]) -> list[str]:
    exact = _masks(TorchNetwork(folder, "cpu", reduced=False), cases)
    truth = np.mean([mask_iou(masks[0], c.mask) for masks, c in zip(exact, cases, strict=True)])
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
    headings = [f"{name}: {len(cases)} faces", "mean IoU", "least IoU", f"IoU ≥ {_GOOD}"]
    return [f"IoU with the true faces: {truth:.2f}", "", *table(headings, rows)]


def _masks(network: Network, cases: Sequence[Case]) -> list[list[BoolMask]]:
    backend = Sam2Backend(network, SegmenterPart(backend="sam2"), Sam2Settings())
    jobs = (Job(case.image, b"%d" % n, [case.prompt], True) for n, case in enumerate(cases))
    return [
        [mask.values > 0.5 for mask in masks] for job in jobs for masks in backend.segment([job])
    ]


if __name__ == "__main__":
    main()
