"""A drawing of layers, rendered twice: in its colours, and as a label."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum

import cv2
import numpy as np
import resvg_py

from tools.training.procedural.colors import Color, css
from tools.training.sprite import BACKGROUND, BEARD, EAR, FACE, HAIR, HAND, UNKNOWN, Pixels

SIDE = 256
"""Side of the canvas, in units."""


class Role(Enum):
    """What a layer's area is in the label. A detail leaves what is below it."""

    GROUND = "#000000"
    FACE = "#ffffff"
    HAND = "#ff0000"
    UNKNOWN = "#0000ff"
    HAIR = "#00ff00"
    BEARD = "#00ffff"
    EAR = "#ff00ff"
    DETAIL = None


_VALUES = np.array([BACKGROUND, UNKNOWN, HAIR, BEARD, HAND, EAR, BACKGROUND, FACE], np.uint8)
"""The label of each colour of a role: 4 for red, 2 for green, 1 for blue."""

Paint = Color | str
"""A colour, or a reference to a gradient or a pattern."""


@dataclass(frozen=True, slots=True)
class Line:
    """An outline. None is drawn where the width is 0."""

    color: Color
    width: float


class Drawing:
    """Layers from back to front."""

    def __init__(self) -> None:
        self._definitions: list[str] = []
        self._colors: list[str] = []
        self._labels: list[str] = []

    def define(self, element: str, attributes: str, content: str) -> str:
        """Adds a gradient, pattern, filter or clip path. Returns a reference to it: url(#…)."""
        name = f"d{len(self._definitions)}"
        self._definitions.append(f'<{element} id="{name}" {attributes}>{content}</{element}>')
        return f"url(#{name})"

    def define_blur(self, deviation: float, margin: float) -> str:
        """Adds a filter. `margin` is how far it reaches around a shape, in sizes of the shape."""
        size = 1 + 2 * margin
        region = f'x="{-margin}" y="{-margin}" width="{size}" height="{size}"'
        blur = f'<feGaussianBlur stdDeviation="{deviation:.1f}"/>'
        return self.define("filter", region, blur)

    def add(
        self,
        path: str,
        role: Role,
        *,
        fill: Paint | None = None,
        line: Line | None = None,
        attributes: str = "",
    ) -> None:
        """Adds a shape with further SVG attributes. In the label, a filled shape has no outline."""
        color = "none" if fill is None else fill if isinstance(fill, str) else css(fill)
        stroke = (
            f'stroke="{css(line.color)}" stroke-width="{line.width:.1f}"'
            if line is not None and line.width > 0
            else ""
        )
        ends = 'stroke-linejoin="round" stroke-linecap="round"'
        self._colors.append(f'<path d="{path}" fill="{color}" {stroke} {ends} {attributes}/>')
        if role.value is None:
            return
        if fill is not None:
            area = f'fill="{role.value}"'
        else:
            width = 0 if line is None else line.width
            area = f'fill="none" stroke="{role.value}" stroke-width="{width:.1f}"'
        self._labels.append(f'<path d="{path}" {area} {ends}/>')

    @contextmanager
    def clipped(self, path: str) -> Iterator[None]:
        """Cuts the layers that are added meanwhile to a shape. Only details can be cut."""
        clip = self.define("clipPath", "", f'<path d="{path}"/>')
        self._colors.append(f'<g clip-path="{clip}">')
        yield
        self._colors.append("</g>")

    def render(self, pixels: int) -> tuple[Pixels, Pixels]:
        """The picture, RGBA uint8 (h, w, 4), and the label, uint8 (h, w), `pixels` a side."""
        image = _rendered(self._document(self._colors, ""), pixels)
        flat = _rendered(self._document(self._labels, 'shape-rendering="crispEdges"'), pixels)
        red, green, blue, alpha = np.moveaxis(flat > 127, 2, 0)
        return image, _VALUES[alpha * (4 * red + 2 * green + blue)]

    def _document(self, layers: list[str], attributes: str) -> str:
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" {attributes}>'
            f"<defs>{''.join(self._definitions)}</defs>{''.join(layers)}</svg>"
        )


def _rendered(document: str, pixels: int) -> Pixels:
    png = resvg_py.svg_to_bytes(svg_string=document, width=pixels, skip_system_fonts=True)
    decoded = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA), np.uint8)
