"""Emoji: people and hands in five skin tones, and smileys."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache

import numpy as np

from tools.training.packages.iconify import IconSet, fluent_3d, icon_set
from tools.training.packages.masks import (
    components,
    face_in,
    hands_in,
    smiley_in,
)
from tools.training.packages.rendering import Colours, coloured_parts, load, render
from tools.training.sprite import FACE, HAND, UNKNOWN, Pixels, Sprite, box_of

SIDE = 192

TONES = {
    "noto": (
        "light-skin-tone",
        "medium-light-skin-tone",
        "medium-skin-tone",
        "medium-dark-skin-tone",
        "dark-skin-tone",
    ),
    "fluent-emoji-flat": ("light", "medium-light", "medium", "medium-dark", "dark"),
}
TONES["noto-v1"] = TONES["twemoji"] = TONES["emojione"] = TONES["noto"]
"""How sets name skin tones, the lightest first."""

GESTURES = frozenset(
    "backhand-index-pointing-down backhand-index-pointing-left backhand-index-pointing-right "  # noqa: SIM905 - a list has a line for each word
    "backhand-index-pointing-up call-me-hand crossed-fingers folded-hands "
    "hand-with-fingers-splayed hand-with-index-finger-and-thumb-crossed heart-hands "
    "index-pointing-at-the-viewer index-pointing-up left-facing-fist leftwards-hand "
    "leftwards-pushing-hand love-you-gesture middle-finger ok-hand oncoming-fist "
    "open-hands palm-down-hand palm-up-hand palms-up-together pinched-fingers pinching-hand "
    "raised-back-of-hand raised-fist raised-hand raising-hands right-facing-fist rightwards-hand "
    "rightwards-pushing-hand sign-of-the-horns thumbs-down thumbs-up victory-hand vulcan-salute "
    "waving-hand".split()
)
"""Emoji that show one or two hands and nothing else of a person."""

_FOR_MEASURING = {
    "fluent-emoji-flat": [
        "call-me-hand",
        "folded-hands",
        "hand-with-fingers-splayed",
        "handshake",
        "left-facing-fist",
        "pinched-fingers",
        "sign-of-the-horns",
        "thumbs-up",
    ],
    "noto": [
        "index-pointing-up",
        "ok-hand",
        "raised-fist",
        "raised-hand",
        "thumbs-up",
        "victory-hand",
        "waving-hand",
        "writing-hand",
    ],
    "twemoji": [
        "backhand-index-pointing-right",
        "clapping-hands",
        "crossed-fingers",
        "love-you-gesture",
        "oncoming-fist",
        "palms-up-together",
        "thumbs-down",
        "vulcan-salute",
    ],
}
"""Emoji of tools/evaluation/art, which are never trained on, in no skin tone."""

_WHO = "man|woman|person"
_ROLES = (
    "artist|astronaut|cook|factory-worker|farmer|firefighter|health-worker|judge|mechanic|"
    "office-worker|pilot|scientist|singer|student|teacher|technologist"
)
_FIGURES = (
    "police-officer|guard|detective|construction-worker|mage|fairy|vampire|elf|superhero|"
    "supervillain"
)
_LOOKS = (
    "beard|bald|curly-hair|red-hair|white-hair|blond-hair|frowning|pouting|gesturing-no|gesturing-ok|"
    "tipping-hand|raising-hand|shrugging|wearing-turban|with-veil|in-tuxedo|with-headscarf|"
    "with-skullcap|with-crown|feeding-baby"
)
PORTRAIT = re.compile(
    rf"(?:{_WHO}|boy|girl|child|baby|older-person|old-man|old-woman|prince|princess|santa-claus|"
    rf"mrs-claus|mx-claus|ninja|{_ROLES}|{_FIGURES}|deaf-(?:{_WHO})|pregnant-(?:{_WHO})|"
    rf"(?:{_WHO})-(?:{_ROLES}|{_FIGURES}|{_LOOKS}))"
)
"""People from the waist or shoulders up."""


_SLEEVES = frozenset(
    {"folded-hands", "rightwards-pushing-hand", "leftwards-pushing-hand", "raising-hands"}
)
"""Gestures that the shaded emoji draw with more than skin."""

PLAIN = {
    "emojione": "slightly-smiling-face",
    "fluent-emoji-flat": "slightly-smiling-face",
    "fxemoji": "smallsmile",
    "noto": "slightly-smiling-face",
    "noto-v1": "slightly-smiling-face",
    "streamline-emojis": "slightly-smiling-face",
    "twemoji": "slightly-smiling-face",
}
"""The smiley of each set that is only a disc."""

NO_SMILEY = re.compile(
    r"cat|monkey|pile|skull|speech|eye-in|robot|alien|monster|ghost|ogre|goblin|clouds|exploding|"
    r"melting|dotted|surface|fox|palm|raised-hand|deaf|person|man-|woman-|without-mouth|facing|"
    r"with-symbols|with-medical|vomiting|clown"
)
"""No smileys, or no face left to see."""

COVERED = re.compile(
    r"hand|hugging|thinking|shushing|saluting|yawning|peeking|cowboy|partying|hat|screaming|salut|"
    r"amusing|tear|crying|money|bandage|thermometer|sneezing|nose-steam|rolling-on|lying|horns|disguised|halo"
)
"""Smileys with a hand, a hat or tears over the disc."""

SMILEYS = (  # noqa: SIM905 - a list has a line for each word
    "angry anguish astonished coldsweat confounded confused disappointed dissapointedrelief "
    "dizzyface expressionless fearful flushed frownmouth grimacing grin grineyes grinsquint "
    "grinsweat grintears grinwide grinwideeyes hearteyes hushed kissclosedeyes kisseyes kissing "
    "loudlycrying neutral nomouth openmouth pensive perservere pouting relieved sleeping sleepy "
    "smallfrown smallsmile smileeyes smiletongue smirk sunglasses tired tongueout tongueoutwink "
    "tongueoutwink2 triumph unamused weary whitesmilingface winking worried"
).split()
"""The smileys of fxemoji, whose names do not say that they are faces."""


@cache
def skin_of(icons: IconSet, tone: str) -> Colours:
    """The colours that most gestures of one tone have, and that those of the others lack."""
    counts: dict[str, Counter[str]] = {}
    for other in TONES[icons.name]:
        names = [name for gesture in GESTURES if (name := f"{gesture}-{other}") in icons.icons]
        counts[other] = Counter(
            colour for name in names for colour in set(_colours(icons.icons[name]["body"]))
        )
        least = 0.2 * len(names)
        counts[other] = Counter(
            {key: value for key, value in counts[other].items() if value > least}
        )
    elsewhere = {colour for other, found in counts.items() if other != tone for colour in found}
    return frozenset(counts[tone]) - elsewhere


def _colours(svg: str) -> list[str]:
    return [colour.lower() for colour in re.findall(r"#([0-9a-fA-F]{6})\b", svg)]


def people(seed: int) -> Iterator[Sprite]:
    """Yields portraits, each in its default look and in two of five tones."""
    random = np.random.default_rng(seed)
    for name, tones in TONES.items():
        icons = icon_set(name)
        for base in sorted(icons.icons):
            if not PORTRAIT.fullmatch(base) or f"{base}-{tones[0]}" not in icons.icons:
                continue
            label = face_in(_skin(icons, f"{base}-{tones[0]}", tones[0]), None)
            if label is None:
                continue
            chosen = random.choice(len(tones), 2, replace=False)
            for icon in [base, *(f"{base}-{tones[index]}" for index in chosen)]:
                if icon in icons.icons:
                    image = render(icons.svg(icon), SIDE)
                    yield Sprite(
                        f"{name}-people",
                        image,
                        label,
                        faces=(box_of((label == FACE).astype(np.uint8)),),
                    )


def gestures(seed: int) -> Iterator[Sprite]:
    """Yields hands: flat ones in three of five tones, shaded ones in one."""
    random = np.random.default_rng(seed)
    for name, tones in TONES.items():
        icons = icon_set(name)
        for base in sorted(GESTURES):
            measured = base in _FOR_MEASURING.get(name, ())
            if measured or f"{base}-{tones[0]}" not in icons.icons:
                continue
            skin = _skin(icons, f"{base}-{tones[0]}", tones[0])
            for index in random.choice(len(tones), 3, replace=False):
                icon = f"{base}-{tones[index]}"
                if icon in icons.icons:
                    yield from _hands(f"{name}-hands", render(icons.svg(icon), SIDE), skin)
    pictures = fluent_3d()
    for base in sorted(GESTURES - _SLEEVES):
        icon = f"{base}-{random.choice(TONES['fluent-emoji-flat'])}"
        if icon in pictures:
            image = load(pictures[icon], SIDE)
            yield from _hands("fluent-3d-hands", image, _drawn(image))


def smileys(_seed: int) -> Iterator[Sprite]:
    """Yields all smileys of all sets."""
    for name, plain in PLAIN.items():
        icons = icon_set(name)
        disc = _drawn(render(icons.svg(plain), SIDE))
        names = (
            SMILEYS
            if name == "fxemoji"
            else icons.within(("Smileys & Emotion", "People", "Smiley People"))
        )
        for icon in names:
            if name == "fxemoji" or _is_smiley(icon):
                yield _smiley(f"{name}-smileys", icon, render(icons.svg(icon), SIDE), disc)
    pictures = fluent_3d()
    disc = _drawn(load(pictures["slightly-smiling-face"], SIDE))
    for icon in icon_set("fluent-emoji-flat").within(("Smileys & Emotion",)):
        if _is_smiley(icon) and icon in pictures:
            yield _smiley("fluent-3d-smileys", icon, load(pictures[icon], SIDE), disc)


def _is_smiley(icon: str) -> bool:
    return "face" in icon and not NO_SMILEY.search(icon)


def _smiley(kind: str, icon: str, image: Pixels, plain: Pixels) -> Sprite:
    label, known = smiley_in(_drawn(image), plain)
    exact = known and not COVERED.search(icon)
    box = box_of((label == FACE).astype(np.uint8))
    if not exact:
        label[label == FACE] = UNKNOWN
    return Sprite(kind, image, label, faces=(box,), exact=exact)


def _drawn(image: Pixels) -> Pixels:
    return (image[..., 3] > 127).astype(np.uint8)


def _hands(kind: str, image: Pixels, skin: Pixels) -> Iterator[Sprite]:
    label = hands_in(skin, _drawn(image))
    if label is not None:
        parts = components((label == HAND).astype(np.uint8), 1)
        yield Sprite(kind, image, label, hands=tuple(box_of(part) for part in parts))


def _skin(icons: IconSet, icon: str, tone: str) -> Pixels:
    visible = coloured_parts(icons.svg(icon), skin_of(icons, tone), SIDE)
    return (visible > 127).astype(np.uint8)
