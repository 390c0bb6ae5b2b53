"""Drawn figures on a transparent ground, with the truth about their faces and hands.

Sources of sprites are the packages of avatars and emoji (`packages`) and the generator
(`procedural`). `tiles` composes training tiles of them.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shared.imaging.boxes import FloatBox

Pixels = npt.NDArray[np.uint8]

BACKGROUND, FACE, HAND, UNKNOWN = 0, 1, 2, 255
"""Values of a label. UNKNOWN pixels count neither way."""


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A drawing with its truth.

    `image` is RGBA uint8 (h, w, 4) with straight alpha; `label` is uint8 (h, w). A face's box is
    that of its visible skin, in pixels of the sprite, as in shared/corpus: with eyes, brows, nose,
    mouth and glasses, without hair, hat, ears and neck. `exact` says whether the label's edges can
    train masks; where they cannot, the label of a face is UNKNOWN. A sprite without faces and hands
    is a negative: nothing in it may be found.
    """

    kind: str
    image: Pixels
    label: Pixels
    faces: tuple[FloatBox, ...] = ()
    hands: tuple[FloatBox, ...] = ()
    exact: bool = True
    tags: frozenset[str] = field(default_factory=frozenset)


def save(path: Path, sprites: Iterable[Sprite]) -> None:
    """Writes a shard of sprites. The file appears complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        for sprite in sprites:
            pickle.dump(sprite, file, protocol=pickle.HIGHEST_PROTOCOL)
    partial.rename(path)


def load(path: Path) -> Iterator[Sprite]:
    """Yields the sprites of a shard, which `save` of this machine has written."""
    with path.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)
