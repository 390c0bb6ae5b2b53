"""Measures a network on tiles of kinds and sprites that training does not see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from tools.training.batches import batch_of
from tools.training.losses import SHARES, box_ious, losses
from tools.training.precision import autocast
from tools.training.sources import Sources, is_held_out
from tools.training.sprite import FACE, UNKNOWN
from tools.training.targets import CLASSES, IGNORED, MASK_FULL, TILE, YES
from tools.training.task import Evaluation
from tools.training.tiles import face_tile, faceless_tile

SEED = 1_000_003
"""Of the validation's tiles: apart from the seeds that people choose."""
FACELESS = 2000
"""20 of them are 1%."""
PER_KIND = 150
FALSE_ALARMS = 0.01
"""The recall is that with a false alarm in so many of the tiles without faces."""
MATCH = 0.4
"""A face counts as found if the IoU of its box is at least this, as in tools/evaluation."""
BATCH = 128


@dataclass(frozen=True, slots=True, eq=False)
class ValidationTiles:
    """Tiles with a face by kind, with `*` at kinds that are completely held out; tiles without."""

    faces: dict[str, npt.NDArray[np.void]]
    faceless: npt.NDArray[np.void]


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """For each tile: the highest logit of a face, and the highest at a cell with a good box."""

    highest: npt.NDArray[np.float64]
    at_face: npt.NDArray[np.float64]
    box_ious: npt.NDArray[np.float64]
    mask_ious: npt.NDArray[np.float64]
    tilts: npt.NDArray[np.float64]
    losses: npt.NDArray[np.float64]


def validation_tiles(sources: Sources) -> ValidationTiles:
    faces = {}
    for kind in sources.faces.kinds:
        of_kind = Sources(sources.faces.only(kind), sources.hands, sources.objects)
        made = (face_tile(of_kind, SEED, number) for number in range(PER_KIND))
        name = f"{kind}*" if is_held_out(kind) else kind
        faces[name] = _stacked([tile for tile in made if (tile["centres"][0] == YES).any()])
    faceless = [faceless_tile(sources, SEED, number) for number in range(FACELESS)]
    return ValidationTiles(faces, _stacked(faceless))


def measure(network: nn.Module, tiles: ValidationTiles, device: torch.device) -> Evaluation:
    """The scores are the recall at FALSE_ALARMS, by kind."""
    network.eval()
    with torch.no_grad():
        faceless = _answers(network, tiles.faceless, device)
        answers = {kind: _answers(network, of, device) for kind, of in tiles.faces.items()}
    threshold = np.quantile(faceless.highest, 1 - FALSE_ALARMS)
    # without the faceless tiles: the loss of centres is one for each true centre
    mean_losses = np.concatenate([one.losses for one in answers.values()]).mean(axis=0)

    def mean(name: str) -> float:
        return float(np.nanmean(np.concatenate([getattr(one, name) for one in answers.values()])))

    return Evaluation(
        losses=dict(zip(SHARES, mean_losses.tolist(), strict=True)),
        scores={kind: float((one.at_face > threshold).mean()) for kind, one in answers.items()},
        further={
            "box_iou": mean("box_ious"),
            "mask_iou": mean("mask_ious"),
            "tilt_degrees": mean("tilts"),
        },
    )


def _answers(network: nn.Module, tiles: npt.NDArray[np.void], device: torch.device) -> _Answers:
    kind = CLASSES.index(FACE)
    parts: list[list[npt.NDArray[np.float64]]] = [[] for _ in range(6)]
    for first in range(0, len(tiles), BATCH):
        batch = batch_of(tiles[first : first + BATCH], device)
        with autocast(device):
            outputs = network(batch.picture)
        centres, boxes, tilt, mask = (output.float() for output in outputs)
        logits, states = centres[:, kind].flatten(1), batch.centres[:, kind].flatten(1)
        ious = box_ious(boxes, batch.boxes)[:, kind].flatten(1)
        found = (states == YES) & (ious >= MATCH)
        best = logits.masked_fill(states != YES, -torch.inf).argmax(1, keepdim=True)
        angle = torch.atan2(*tilt.unbind(1)) - torch.atan2(*batch.tilt.unbind(1))
        turned = torch.atan2(torch.sin(angle), torch.cos(angle)).abs().rad2deg().flatten(1)
        values = (
            logits.masked_fill(states == IGNORED, -torch.inf).amax(1),
            logits.masked_fill(~found, -torch.inf).amax(1),
            ious.gather(1, best)[:, 0],
            _mask_ious(mask[:, 0], batch.mask),
            turned.gather(1, best)[:, 0],
            losses(outputs, batch)[None],
        )
        for part, value in zip(parts, values, strict=True):
            part.append(value.cpu().numpy().astype(np.float64))
    return _Answers(*(np.concatenate(part) for part in parts))


def _mask_ious(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """NaN where nothing of the face is known."""
    known = target != UNKNOWN
    guess, truth = (logits > 0) & known, (target.float() / MASK_FULL >= 0.5) & known
    shared, either = (guess & truth).flatten(1).sum(1), (guess | truth).flatten(1).sum(1)
    return torch.where(truth.flatten(1).any(1), shared / either, torch.nan)


def _stacked(tiles: list[npt.NDArray[np.void]]) -> npt.NDArray[np.void]:
    result = np.empty(len(tiles), TILE)
    for index, one in enumerate(tiles):
        result[index] = one
    return result
