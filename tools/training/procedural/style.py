"""How a drawing is painted: ink, flat colours, gradients, line art."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from tools.training.procedural.chance import Rng, between, chance, pick, weighted
from tools.training.procedural.colors import BLACK, WHITE, Color, darker


@dataclass(frozen=True, slots=True)
class Style:
    """A manner of drawing.

    `line` is the width of outlines, 0 for none; `ink` their colour, None for a darker tone of each
    fill. `shading` is flat, linear, ball (a radial gradient), or soft (blurred shadows). `filled`
    is false for line art, whose areas have the colour of the paper. `sketchy` outlines are drawn
    twice, the second a little aside.
    """

    line: float
    ink: Color | None
    shading: str
    filled: bool = True
    paper: Color = WHITE
    sketchy: bool = False

    def tone(self, color: Color) -> Color:
        """The colour of an area."""
        return color if self.filled else self.paper

    def line_color(self, fill: Color) -> Color:
        """The colour of the outline of an area."""
        if self.ink is not None:
            return self.ink
        return darker(self.tone(fill), 0.45)

    def inked(self, color: Color) -> Color:
        """The colour of a line that has one of its own: a strand of hair, a frame of glasses."""
        return color if self.filled else self.dark

    @property
    def detail(self) -> float:
        """The width of lines inside a shape, which need one even where outlines have none."""
        return max(self.line, 2.0)

    @property
    def dark(self) -> Color:
        """The colour of pupils, mouths and closed eyes."""
        return self.ink if self.ink is not None else (40, 28, 24)


PAINTED = Style(0, None, "soft")


def random_style(rng: Rng) -> Style:
    kind = weighted(
        rng, {"ink": 0.34, "toned ink": 0.14, "flat": 0.2, "line art": 0.14, "painted": 0.18}
    )
    line = float(np.exp(between(rng, np.log(1.2), np.log(8))))
    dark = [(35, 25, 40), (60, 30, 20), (20, 30, 60), (60, 60, 60)]
    ink = BLACK if chance(rng, 0.7) else pick(rng, dark)
    if kind == "line art":
        paper, ink = (WHITE, ink) if chance(rng, 0.85) else (ink, WHITE)
        sketchy = chance(rng, 0.35)
        return Style(min(line, 5), ink, "flat", filled=False, paper=paper, sketchy=sketchy)
    shading = weighted(rng, {"flat": 0.5, "linear": 0.2, "ball": 0.15, "soft": 0.15})
    if kind == "ink":
        return Style(line, ink, shading, sketchy=chance(rng, 0.12))
    if kind == "toned ink":
        return Style(line, None, shading)
    if kind == "flat":
        return Style(0, ink, shading)
    return replace(PAINTED, line=min(line, 2) * 0.5) if chance(rng, 0.5) else PAINTED
