"""What all parts are drawn with."""

from __future__ import annotations

from dataclasses import dataclass

from tools.training.procedural.chance import Rng, between, chance
from tools.training.procedural.colors import Color, css, darker, mix
from tools.training.procedural.style import Style
from tools.training.procedural.svg import Drawing, Line, Role


@dataclass(frozen=True, slots=True)
class Pen:
    """Draws in a style. Random choices come from `rng`."""

    rng: Rng
    drawing: Drawing
    style: Style

    def paint(self, path: str, color: Color, role: Role, *, line: float = 1.0) -> None:
        """Fills a shape and outlines it. `line` scales the outline's width."""
        tone = self.style.tone(color)
        shaded = self.style.filled and self.style.shading != "flat" and chance(self.rng, 0.85)
        self.drawing.add(
            path,
            role,
            fill=self._gradient(tone) if shaded else tone,
            line=Line(self.style.line_color(color), self.style.line * line),
        )
        if self.style.sketchy:
            self._outline_again(path, color, self.style.line * line)

    def _outline_again(self, path: str, color: Color, width: float) -> None:
        x, y = between(self.rng, -3, 3), between(self.rng, -3, 3)
        turn = f"translate({x:.1f} {y:.1f}) rotate({between(self.rng, -3, 3):.1f} 128 128)"
        line = Line(self.style.line_color(color), width * between(self.rng, 0.4, 1))
        self.drawing.add(path, Role.DETAIL, line=line, attributes=f'transform="{turn}"')

    def stroke(self, path: str, color: Color, width: float, role: Role = Role.DETAIL) -> None:
        """Draws a line, which stays visible however thin."""
        self.drawing.add(path, role, line=Line(color, max(width, 0.8)))

    def spot(self, path: str, color: Color, *, opacity: float = 1.0) -> None:
        """Fills a detail, without an outline."""
        attributes = f'opacity="{opacity:.2f}"'
        self.drawing.add(path, Role.DETAIL, fill=color, attributes=attributes)

    def _gradient(self, color: Color) -> str:
        contrast = between(self.rng, 0.05, 0.5)
        light = mix(color, (255, 250, 230), contrast * 0.7)
        dark = mix(darker(color, 0.35), (60, 30, 70), 0.15)
        stops = (
            f'<stop offset="0" stop-color="{css(light)}"/>'
            f'<stop offset="{between(self.rng, 0.35, 0.6):.2f}" stop-color="{css(color)}"/>'
            f'<stop offset="1" stop-color="{css(mix(color, dark, contrast))}"/>'
        )
        if self.style.shading == "ball":
            x, y = between(self.rng, 0.25, 0.6), between(self.rng, 0.15, 0.5)
            return self.drawing.define(
                "radialGradient", f'cx="{x:.2f}" cy="{y:.2f}" r="0.8"', stops
            )
        turn = f'gradientTransform="rotate({between(self.rng, 0, 360):.0f} 0.5 0.5)"'
        return self.drawing.define("linearGradient", turn, stops)
