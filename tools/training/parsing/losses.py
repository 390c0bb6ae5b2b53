"""How wrong the masks of a batch are."""

from __future__ import annotations

import torch
from torch.nn import functional

from tools.training.parsing.tiles import MASK_FULL
from tools.training.sprite import UNKNOWN


def part_losses(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Cross entropy and half of the Dice loss of each part, float (parts,).

    `logits` are (n, parts, h, w), `target` is uint8 of the same shape, as in TILE.
    """
    known = (target != UNKNOWN).float()
    share = target.float() / MASK_FULL * known
    entropy = functional.binary_cross_entropy_with_logits(logits, share, reduction="none")
    guess = torch.sigmoid(logits) * known
    over = (0, 2, 3)
    dice = 1 - (2 * (guess * share).sum(over) + 1) / (guess.sum(over) + share.sum(over) + 1)
    return (entropy * known).sum(over) / known.sum(over).clamp(min=1) + dice / 2


def part_ious(logits: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The IoU of each part of each picture, (n, parts); NaN where nothing of the part is shown."""
    known = target != UNKNOWN
    guess, truth = (logits > 0) & known, (target.float() / MASK_FULL >= 0.5) & known
    shared, either = (guess & truth).flatten(2).sum(2), (guess | truth).flatten(2).sum(2)
    return torch.where(truth.flatten(2).any(2), shared / either, torch.nan)
