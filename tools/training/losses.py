"""How wrong the network's outputs for a batch are."""

from __future__ import annotations

import torch
from torch.nn import functional

from tools.training.batches import Batch
from tools.training.sprite import FACE, UNKNOWN
from tools.training.targets import CLASSES, IGNORED, MASK_FULL, YES

FOCUS = 1.5
"""Gamma of the focal loss (Lin et al. 2017 found 2 the best of 0 to 5, with little difference from
1 on). Most cells are easy background; this gives them less weight."""

SHARES = {"centres": 1.0, "boxes": 1.0, "tilt": 0.25, "mask": 1.0}
"""Tilts are a by-product: they must not cost recall."""


def losses(outputs: tuple[torch.Tensor, ...], batch: Batch) -> torch.Tensor:
    """All losses in the order of SHARES, float (4,)."""
    centres, boxes, tilt, mask = (output.float() for output in outputs)
    found = (batch.centres == YES).float()
    return torch.stack(
        [
            _focal(centres, found, batch.centres != IGNORED),
            _mean(-torch.log(box_ious(boxes, batch.boxes).clamp(min=1e-3)), found),
            _mean(((tilt - batch.tilt) ** 2).sum(1), found[:, CLASSES.index(FACE)]),
            _mask(mask[:, 0], batch.mask),
        ]
    )


def box_ious(boxes: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """IoU of predicted (n, 8, h, w) and true boxes (n, 2, 4, h, w) of each cell: (n, 2, h, w)."""
    boxes = boxes.unflatten(1, (len(CLASSES), 4))
    shared = torch.minimum(boxes, targets)
    intersection = _area(shared)
    return intersection / (_area(boxes) + _area(targets) - intersection).clamp(min=1e-6)


def _area(distances: torch.Tensor) -> torch.Tensor:
    left, upper, right, lower = distances.unbind(2)
    return (left + right) * (upper + lower)


def _focal(logits: torch.Tensor, found: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    entropy = functional.binary_cross_entropy_with_logits(logits, found, reduction="none")
    wrong = (torch.sigmoid(logits) - found).abs()
    return (wrong**FOCUS * entropy * counts).sum() / found.sum().clamp(min=1) / 2


def _mask(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross entropy, and Dice, which small faces need: most pixels are background."""
    known = (target != UNKNOWN).float()
    share = target.float() / MASK_FULL * known
    entropy = functional.binary_cross_entropy_with_logits(logits, share, reduction="none")
    guess = torch.sigmoid(logits) * known
    dice = 1 - (2 * (guess * share).sum() + 1) / (guess.sum() + share.sum() + 1)
    return _mean(entropy, known) + dice / 2


def _mean(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    return (values * weights).sum() / weights.sum().clamp(min=1)
