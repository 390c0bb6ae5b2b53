"""Avatars, which avatars.mjs draws with the packages' own generators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tools.training.packages import node
from tools.training.packages.masks import face_in
from tools.training.packages.outlines import head_of
from tools.training.packages.rendering import coloured_parts, recoloured, render
from tools.training.sprite import BACKGROUND, FACE, HAIR, UNKNOWN, Pixels, Sprite, box_of

SIDE = 192

SKIN = "fe01dc"
HAIR_COLOUR = "01dcfe"
"""Skin and hair of avatars as avatars.mjs draws them. No part of a package has these colours."""

TONES = tuple(
    # the palettes of DiceBear's Open Peeps, Adventurer and Pixel Art
    "ffdbb4 edb98a d08b5b ae5d29 694d3d f2d3b1 ecad80 9e5622 763900 ffdbac eac393 b68655 8d5524"  # noqa: SIM905 - a list has a line for each word
    # painted creatures and children's drawings
    " f5d76e ffca28 8bc34a 7fb3d5 c39bd3 f5b7b1".split()
)
HAIR_TONES = tuple(
    # the palettes of DiceBear's Adventurer and Big Smile
    "ac6511 cb6820 ab2a18 e5d7a3 b9a05f 796a45 6a4e35 562306 0e0e0e afafaf 3eac2c 85c2c6"  # noqa: SIM905 - a list has a line for each word
    " 592454 220f00 3a1a00 71472d e2ba87 605de4 238d80 d56c0c e9b729 f5f5f5".split()
)
WHITE, BLACK = "ffffff", "000000"

LINE_ART = {"croodles", "lorelei", "notionists", "open-peeps"}
"""Styles of black lines, which their artists draw on white."""

WHOLE = {"fun-emoji", "thumbs"}
"""Everything that is drawn is the face, as of a smiley. So it is in the `-neutral` styles."""


@dataclass(frozen=True, slots=True)
class Avatar:
    """A line of avatars.mjs."""

    kind: str
    svg: str
    truth: str
    bearded: bool
    haired: bool


def avatars(seed: int) -> Iterator[Sprite]:
    """Yields one sprite for each avatar in which the face is large enough to see."""
    random = np.random.default_rng(seed)
    for line in node.lines("avatars.mjs", SKIN, HAIR_COLOUR, str(seed)):
        avatar = Avatar(**json.loads(line))
        paper = avatar.kind in LINE_ART and random.random() < 0.6
        tone = WHITE if paper else str(random.choice(TONES))
        hair = BLACK if paper else str(random.choice(HAIR_TONES))
        svg = recoloured(avatar.svg, frozenset({HAIR_COLOUR}), hair)
        image = render(recoloured(svg, frozenset({SKIN}), tone), SIDE)
        label = _label(avatar, image)
        if label is None:
            continue
        face = (label == FACE).astype(np.uint8)
        exact = not avatar.bearded and avatar.kind != "thumbs"
        if not exact:  # a beard hides the edge of the face; a thumb has no end
            label[face > 0] = UNKNOWN
        parts = avatar.haired
        yield Sprite(avatar.kind, image, label, faces=(box_of(face),), exact=exact, parts=parts)


def _label(avatar: Avatar, image: Pixels) -> Pixels | None:
    if avatar.kind in WHOLE or avatar.kind.endswith("-neutral"):
        return np.where(image[..., 3] > 127, FACE, BACKGROUND).astype(np.uint8)
    skin = (coloured_parts(avatar.truth, frozenset({SKIN}), SIDE) > 127).astype(np.uint8)
    label = face_in(skin, head_of(avatar.kind, *skin.shape))
    if label is not None and avatar.haired:
        hair = coloured_parts(avatar.svg, frozenset({HAIR_COLOUR}), SIDE) > 127
        label[hair & (label != FACE)] = HAIR
    return label
