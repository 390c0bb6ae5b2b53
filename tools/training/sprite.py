"""Drawn figures on a transparent ground, with the truth about their faces and hands.

Sources of sprites are the packages of avatars and emoji (`packages`) and the generator
(`procedural`). `tiles` composes training tiles of them.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.boxes import FloatBox
from shared.imaging.geometry import BoolMask

Pixels = npt.NDArray[np.uint8]

BACKGROUND, FACE, HAND, HAIR, BEARD, EAR, UNKNOWN = 0, 1, 2, 3, 4, 5, 255
"""Values of a label. UNKNOWN pixels count neither way. HAIR, BEARD and EAR are only in labels whose
sprite has `parts`."""


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """A drawing with its truth.

    `image` is RGBA uint8 (h, w, 4) with straight alpha; `label` is uint8 (h, w). A face's box is
    that of its visible skin, in pixels of the sprite: with eyes, brows, nose, mouth and glasses,
    without hair, hat, ears and neck (tools/evaluation/art/README.md). `exact` says whether the
    label's edges can train masks; where they cannot, the label of a face is UNKNOWN. A sprite
    without faces and hands is a negative: nothing in it may be found. `parts` says whether all
    hair, beards and ears are labelled; else they are BACKGROUND or UNKNOWN.
    """

    kind: str
    image: Pixels
    label: Pixels
    faces: tuple[FloatBox, ...] = ()
    hands: tuple[FloatBox, ...] = ()
    exact: bool = True
    parts: bool = False
    tags: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, eq=False)
class StoredSprite:
    """A sprite whose pictures are compressed, a tenth as large: all sprites fit in memory."""

    kind: str
    image: bytes
    label: bytes
    faces: tuple[FloatBox, ...]
    hands: tuple[FloatBox, ...]
    exact: bool
    parts: bool
    tags: frozenset[str]

    @classmethod
    def of(cls, sprite: Sprite) -> StoredSprite:
        return cls(
            kind=sprite.kind,
            image=_png(sprite.image),
            label=_png(sprite.label),
            faces=sprite.faces,
            hands=sprite.hands,
            exact=sprite.exact,
            parts=sprite.parts,
            tags=sprite.tags,
        )

    def sprite(self) -> Sprite:
        return Sprite(
            kind=self.kind,
            image=_pixels(self.image),
            label=_pixels(self.label),
            faces=self.faces,
            hands=self.hands,
            exact=self.exact,
            parts=self.parts,
            tags=self.tags,
        )


def box_of(mask: Pixels | BoolMask) -> FloatBox:
    """The bounds of the pixels that are set."""
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return np.array([x, y, x + width, y + height], np.float64)


def save(path: Path, sprites: Iterable[Sprite]) -> None:
    """Writes a shard of sprites. The file appears complete or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        for sprite in sprites:
            pickle.dump(StoredSprite.of(sprite), file, protocol=pickle.HIGHEST_PROTOCOL)
    partial.rename(path)


def load(path: Path) -> Iterator[StoredSprite]:
    """Yields the sprites of a shard, which `save` of this machine has written."""
    with path.open("rb") as file:
        while file.peek(1):
            yield pickle.load(file)


def _png(picture: Pixels) -> bytes:
    # OpenCV takes the channels for BGRA; _pixels returns them in the order that came in
    return bytes(cv2.imencode(".png", picture)[1])


def _pixels(png: bytes) -> Pixels:
    decoded = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    return np.asarray(decoded, np.uint8)
