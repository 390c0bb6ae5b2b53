"""The sprites of all shards, split by what a tile needs and into training and validation."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.training.sprite import Sprite, StoredSprite, load

UNSEEN = (
    "personas",
    "big-ears",
    "bigears",
    "toon-head",
    "toonhead",
    "dylan",
    "miniavs",
    "openmoji",
)
"""Parts of the names of kinds that judge the finished model, or whose licence forbids training:
the tests have some of these DiceBear styles, and OpenMoji is share-alike."""

HELD_OUT_KINDS = 10
"""About one kind of so many is for validation alone: new artists draw as no kind does."""
HELD_OUT_SPRITES = 20
"""Of the other kinds, one sprite of so many."""

GROUPS = "generated", "avatars", "emoji", "objects"
"""Kinds of data, as `group_of` tells them apart by the names of shards."""

Condition = Callable[[StoredSprite], object]


class Pool:
    """Sprites by kind. A kind is drawn with the root of its size: a generator that can make any
    number must not drown the packages, and a package of ten drawings must not fill the tiles.
    """

    def __init__(self, sprites: Iterable[StoredSprite]) -> None:
        by_kind: dict[str, list[StoredSprite]] = defaultdict(list)
        for sprite in sprites:
            by_kind[sprite.kind].append(sprite)
        self.kinds = sorted(by_kind)
        self._sprites = [by_kind[kind] for kind in self.kinds]
        weights = np.sqrt([len(of_kind) for of_kind in self._sprites])
        self._shares = weights / weights.sum()

    def __bool__(self) -> bool:
        return bool(self.kinds)

    def draw(self, rng: np.random.Generator) -> Sprite:
        of_kind = self._sprites[rng.choice(len(self._sprites), p=self._shares)]
        return of_kind[rng.integers(len(of_kind))].sprite()

    def only(self, kind: str) -> Pool:
        return Pool(self._sprites[self.kinds.index(kind)])


@dataclass(frozen=True, slots=True)
class Sources:
    """`faces` have a face each; `hands` have hands; `objects` have neither."""

    faces: Pool
    hands: Pool
    objects: Pool

    @staticmethod
    def of(sprites: Iterable[StoredSprite]) -> Sources:
        everything = list(sprites)

        def pool(condition: Condition) -> Pool:
            return Pool(sprite for sprite in everything if condition(sprite))

        return Sources(
            faces=pool(lambda sprite: sprite.faces),
            hands=pool(lambda sprite: sprite.hands),
            objects=pool(lambda sprite: not sprite.faces and not sprite.hands),
        )


def group_of(shard: Path) -> str:
    """One of GROUPS: generated drawings; objects of packages; their emoji; their avatars."""
    if shard.stem.startswith("procedural-"):
        return "generated"
    match shard.stem.rpartition("-")[2]:
        case "negatives":
            return "objects"
        case "people" | "smileys" | "hands":
            return "emoji"
    return "avatars"


def split(folder: Path, without: str | None = None) -> tuple[Sources, Sources]:
    """The sources of training and of validation, from all shards of a folder.

    Training does not get the group `without`; validation gets all.

    Raises ValueError if there are none, or if one holds a kind that training must not see.
    """
    shards = sorted(folder.glob("*.shard"))
    parts: tuple[list[StoredSprite], list[StoredSprite]] = [], []
    seen: dict[str, int] = defaultdict(int)
    for shard in shards:
        for sprite in load(shard):
            _refuse_unseen(sprite, shard)
            seen[sprite.kind] += 1
            held_out = _is_held_out(sprite.kind, seen[sprite.kind])
            if held_out or group_of(shard) != without:
                parts[held_out].append(sprite)
    training, validation = (Sources.of(part) for part in parts)
    if not training.faces or not validation.faces:
        raise ValueError(
            f"{folder} has no sprites with faces for training and validation in its "
            f"{len(shards)} shards. Make them first; tools/training/README.md says how."
        )
    return training, validation


def is_held_out(kind: str) -> bool:
    # a checksum: the choice depends on no other kind, so a new package moves none
    return zlib.crc32(kind.encode()) % HELD_OUT_KINDS == 0


def _is_held_out(kind: str, number: int) -> bool:
    return is_held_out(kind) or number % HELD_OUT_SPRITES == 0


def _refuse_unseen(sprite: StoredSprite, shard: Path) -> None:
    for name in UNSEEN:
        if name in sprite.kind.lower():
            raise ValueError(
                f"{shard} has sprites of the kind {sprite.kind}, which must stay out of training: "
                "they judge the model, or their licence forbids it. Delete the shard."
            )
