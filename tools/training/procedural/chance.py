"""Random choices, and colours."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Rng = np.random.Generator
Color = tuple[int, int, int]
"""Red, green, blue, 0..255."""

_T = TypeVar("_T")

BLACK, WHITE = (0, 0, 0), (255, 255, 255)


def chance(rng: Rng, probability: float) -> bool:
    return bool(rng.random() < probability)


def between(rng: Rng, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def pick(rng: Rng, options: Sequence[_T]) -> _T:
    return options[int(rng.integers(len(options)))]


def weighted(rng: Rng, options: dict[_T, float]) -> _T:
    """One of the keys; values are weights."""
    weights = np.array(list(options.values()))
    return list(options)[int(rng.choice(len(weights), p=weights / weights.sum()))]


def any_color(rng: Rng) -> Color:
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    return red, green, blue


def mix(first: Color, second: Color, share: float) -> Color:
    """`first` with `share`, 0..1, of `second`."""
    red, green, blue = (
        round(min(max(a * (1 - share) + b * share, 0), 255))
        for a, b in zip(first, second, strict=True)
    )
    return red, green, blue


def darker(color: Color, factor: float) -> Color:
    return mix(BLACK, color, factor)


def jittered(rng: Rng, color: Color, amount: int) -> Color:
    red, green, blue = (
        int(value)
        for value in np.clip(np.array(color) + rng.integers(-amount, amount + 1, 3), 0, 255)
    )
    return red, green, blue


def brightness(color: Color) -> float:
    """0..255, by the weights of Rec. 601."""
    return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]


_SKINS: tuple[Color, ...] = (
    (255, 224, 196), (247, 208, 178), (241, 194, 160), (232, 184, 141), (224, 172, 120),
    (198, 134, 90), (170, 112, 72), (141, 85, 54), (112, 66, 42), (84, 50, 36), (60, 36, 28),
    (255, 205, 170), (255, 190, 160), (250, 214, 190), (238, 170, 140), (205, 150, 115),
)  # fmt: skip
_YELLOWS: tuple[Color, ...] = ((255, 217, 64), (255, 204, 77), (250, 220, 100), (255, 235, 59))
_PALE: tuple[Color, ...] = ((255, 255, 255), (240, 240, 240), (250, 240, 225), (225, 225, 230))
_CREATURES: tuple[Color, ...] = (
    (110, 160, 60), (80, 120, 50), (140, 150, 90), (90, 110, 90), (130, 130, 130), (95, 95, 105),
    (70, 110, 170), (120, 90, 160), (170, 50, 45), (150, 110, 80), (60, 140, 130), (110, 90, 70),
)  # fmt: skip
_HAIR: tuple[Color, ...] = (
    (25, 20, 18), (45, 30, 22), (80, 50, 30), (120, 75, 40), (165, 110, 60), (220, 180, 100),
    (240, 215, 140), (190, 80, 35), (150, 50, 25), (200, 200, 200), (240, 240, 240), (120, 120, 125),
)  # fmt: skip


def skin_color(rng: Rng, *, creature: bool) -> Color:
    if creature and chance(rng, 0.8):
        return jittered(rng, pick(rng, _CREATURES), 22)
    kind = weighted(rng, {"human": 0.66, "yellow": 0.1, "pale": 0.08, "any": 0.1, "creature": 0.06})
    if kind == "any":
        return any_color(rng)
    tones = {"human": _SKINS, "yellow": _YELLOWS, "pale": _PALE, "creature": _CREATURES}[kind]
    return jittered(rng, pick(rng, tones), 12)


def hair_color(rng: Rng) -> Color:
    return any_color(rng) if chance(rng, 0.2) else jittered(rng, pick(rng, _HAIR), 14)
