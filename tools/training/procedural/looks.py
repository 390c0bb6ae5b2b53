"""Whom a drawing shows: colours of skin and hair, human or creature."""

from dataclasses import dataclass

from tools.training.procedural.chance import Rng, chance, pick, weighted
from tools.training.procedural.colors import Color, any_color, jittered

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
    (240, 215, 140), (190, 80, 35), (150, 50, 25), (200, 200, 200), (240, 240, 240),
    (120, 120, 125),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Looks:
    """`creature`: goblins, orcs, trolls. They have fangs, snouts, horns and pointed ears."""

    skin: Color
    hair: Color
    creature: bool


def random_looks(rng: Rng, *, creature: bool) -> Looks:
    return Looks(skin_color(rng, creature=creature), _hair_color(rng), creature)


def skin_color(rng: Rng, *, creature: bool) -> Color:
    if creature and chance(rng, 0.8):
        return jittered(rng, pick(rng, _CREATURES), 22)
    tones = weighted(rng, {_SKINS: 0.66, _YELLOWS: 0.1, _PALE: 0.08, None: 0.1, _CREATURES: 0.06})
    return any_color(rng) if tones is None else jittered(rng, pick(rng, tones), 12)


def _hair_color(rng: Rng) -> Color:
    return any_color(rng) if chance(rng, 0.2) else jittered(rng, pick(rng, _HAIR), 14)
