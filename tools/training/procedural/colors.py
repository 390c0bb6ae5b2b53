"""Colours, and calculations with them."""

import numpy as np

from tools.training.procedural.chance import Rng

Color = tuple[int, int, int]
"""Red, green, blue, 0..255."""

BLACK: Color = (0, 0, 0)
WHITE: Color = (255, 255, 255)


def css(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


def any_color(rng: Rng) -> Color:
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    return red, green, blue


def jittered(rng: Rng, color: Color, amount: int) -> Color:
    """The colour, with each channel changed by at most `amount`."""
    changes = rng.integers(-amount, amount + 1, 3)
    red, green, blue = (int(value) for value in np.clip(np.array(color) + changes, 0, 255))
    return red, green, blue


def mix(first: Color, second: Color, share: float) -> Color:
    """`first` with `share`, 0..1, of `second`."""
    red, green, blue = (
        round(min(max(a * (1 - share) + b * share, 0), 255))
        for a, b in zip(first, second, strict=True)
    )
    return red, green, blue


def darker(color: Color, factor: float) -> Color:
    """The colour with `factor`, 0..1, of its brightness."""
    return mix(BLACK, color, factor)


def brightness(color: Color) -> float:
    """0..255, by the weights of Rec. 601."""
    return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
