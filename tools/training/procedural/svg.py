"""A drawing of layers, rendered twice: in its colours, and as a label."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

import cv2
import numpy as np
import resvg_py

from tools.training.procedural.chance import Color
from tools.training.sprite import BACKGROUND, FACE, HAND, UNKNOWN, Pixels

SIDE = 256
"""Side of the canvas, in units."""


class Role(Enum):
    """What a layer's area is in the label. A detail leaves what is below it."""

    GROUND = "#000000"
    FACE = "#ffffff"
    HAND = "#ff0000"
    UNKNOWN = "#0000ff"
    DETAIL = None


def css(color: Color) -> str:
    return "#{:02x}{:02x}{:02x}".format(*color)


class Drawing:
    """Layers from back to front."""

    def __init__(self) -> None:
        self._definitions: list[str] = []
        self._colors: list[str] = []
        self._labels: list[str] = []

    def define(self, element: str, attributes: str, content: str = "") -> str:
        """Adds a gradient, pattern, filter or clip path. Returns a reference to it: url(#…)."""
        name = f"d{len(self._definitions)}"
        self._definitions.append(f'<{element} id="{name}" {attributes}>{content}</{element}>')
        return f"url(#{name})"

    def add(
        self,
        path: str,
        role: Role,
        *,
        fill: str = "none",
        stroke: str = "none",
        width: float = 0,
        more: str = "",
    ) -> None:
        """Adds a shape. `more` are further SVG attributes."""
        ink = f'stroke="{stroke}" stroke-width="{width:.1f}"' if width > 0 else ""
        common = 'stroke-linejoin="round" stroke-linecap="round"'
        self._colors.append(f'<path d="{path}" fill="{fill}" {ink} {common} {more}/>')
        if role.value is not None:
            area = role.value if fill != "none" else "none"
            line = f'stroke="{role.value}" stroke-width="{width:.1f}"' if fill == "none" else ""
            self._labels.append(f'<path d="{path}" fill="{area}" {line} {common}/>')

    @contextmanager
    def group(self, attributes: str) -> Iterator[None]:
        """Layers that are added meanwhile share SVG attributes, such as a filter or a clip path."""
        self._colors.append(f"<g {attributes}>")
        yield
        self._colors.append("</g>")

    def render(self, pixels: int) -> tuple[Pixels, Pixels]:
        """The picture, RGBA uint8 (h, w, 4), and the label, uint8 (h, w), `pixels` a side."""
        image = _rendered(self._document(self._colors, ""), pixels)
        flat = _rendered(self._document(self._labels, 'shape-rendering="crispEdges"'), pixels)
        red, green, blue, alpha = np.moveaxis(flat > 127, 2, 0)
        label = np.full(red.shape, BACKGROUND, np.uint8)
        label[alpha & red & green] = FACE
        label[alpha & red & ~green] = HAND
        label[alpha & blue & ~red] = UNKNOWN
        return image, label

    def _document(self, layers: list[str], attributes: str) -> str:
        definitions = "".join(self._definitions)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" {attributes}>'
            f"<defs>{definitions}</defs>{''.join(layers)}</svg>"
        )


def _rendered(document: str, pixels: int) -> Pixels:
    png = resvg_py.svg_to_bytes(svg_string=document, width=pixels, skip_system_fonts=True)
    decoded = cv2.imdecode(np.frombuffer(bytes(png), np.uint8), cv2.IMREAD_UNCHANGED)
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGRA2RGBA), np.uint8)
