"""Pictures without any face or hand: emoji and icons of things, plants and animals."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

import numpy as np

from tools.training.packages.exclusion import KEPT, is_negative
from tools.training.packages.iconify import fluent_3d, icon_set
from tools.training.packages.rendering import Unrenderable, load, render
from tools.training.sprite import Pixels, Sprite

SIDE = 192

SETS: dict[str, int] = {
    "emojione": 700,
    "flat-color-icons": 250,
    "fluent-emoji-flat": 800,
    "fxemoji": 500,
    "game-icons": 400,
    "icon-park": 500,
    "meteocons": 100,
    "noto": 900,
    "noto-v1": 600,
    "streamline-color": 400,
    "streamline-freehand-color": 400,
    "streamline-kameleon-color": 250,
    "streamline-plump-color": 300,
    "streamline-stickies-color": 150,
    "streamline-ultimate-color": 400,
    "twemoji": 900,
}
"""How many icons of a set to take at most. Some sets have thousands of much the same look."""

_SHADED = 800
"""The same for the shaded Fluent emoji."""

_THINGS = re.compile(
    r"\b(?:sword|axe|bow|arrow|shield|gem|crystal|tree|leaf|flower|fruit|apple|bottle|potion|flask|gear|"
    r"cog|wheel|ship|boat|car|truck|tank|plane|rocket|tower|castle|house|door|window|bridge|mountain|wave|"
    r"cloud|rain|snow|snowflake|fire|flame|lamp|candle|book|scroll|key|lock|padlock|chest|coin|coins|crown|"
    r"necklace|boot|boots|shoe|hat|shirt|armor|bag|box|barrel|bell|drum|guitar|flute|clock|watch|hourglass|"
    r"bomb|gun|pistol|cannon|shell|feather|cheese|bread|meat|cake|mushroom|carrot|corn|pizza|cup|mug|knife|"
    r"hammer|saw|wrench|screw|anchor|rope|star|stars|heart|hearts|diamond|dice|chess|card|plant|seed|berry|"
    r"mill|table|chair|tent|train|bus|bicycle|map|compass|lighthouse|waterfall|island|moon|planet|atom)\b"
)
"""Words in the names of icons of game-icons. Most of this set are creatures and people."""

_SKIPPED = {
    "Smileys & Emotion",
    "People & Body",
    "People",
    "Smiley People",
    "Modifiers",
    "Flags",
    "Character",
    "Peoples",
    "Hands",
    "Emoji",
    "Brand",
    "Logos",
    "UsersPeople",
    "Users",
    "MessagesChatSmileys",
    "Constellation",
    "Family",
    "FamilyRomance",
    "Arrows",
    "Edit",
    "Abstract",
    "Base",
    "Components",
}
"""Categories of people, and some of lines and letters only."""


def names(seed: int) -> Iterator[tuple[str, str]]:
    """Yields sets and icons, in a fixed order."""
    for name, most in SETS.items():
        icons = icon_set(name)
        in_skipped = set(icons.within(sorted(_SKIPPED)))
        found = [
            icon
            for icon in sorted(icons.icons)
            if "skin-tone" not in icon
            and (name != "game-icons" or _THINGS.search(icon))
            and (icon in KEPT or icon not in in_skipped)
            and is_negative(name, icon)
        ]
        # the order of hashes: an exclusion brings in one other icon, not a different choice
        found.sort(key=lambda icon: zlib.crc32(f"{seed}/{icon}".encode()))
        yield from ((name, icon) for icon in sorted(found[:most]))


def negatives(seed: int) -> Iterator[Sprite]:
    """Yields negatives of all sets. An icon that cannot be rendered is left out."""
    for name, icon in names(seed):
        try:
            yield _negative(name, icon, render(icon_set(name).svg(icon), SIDE))
        except Unrenderable:
            continue
    shaded = sorted(
        set(fluent_3d()) & {icon for name, icon in names(seed) if name == "fluent-emoji-flat"}
    )
    for icon in shaded[:_SHADED]:
        yield _negative("fluent-3d", icon, load(fluent_3d()[icon], SIDE))


def _negative(icons: str, icon: str, image: Pixels) -> Sprite:
    label = np.zeros(image.shape[:2], np.uint8)
    return Sprite(f"{icons}-negatives", image, label, tags=frozenset({icon}))
