"""SVG to pixels."""

from __future__ import annotations

import re

import cv2
import numpy as np
import resvg_py

from tools.training.sprite import Pixels

Colours = frozenset[str]
"""Colours as they are written in an SVG: six hexadecimal digits, lower case."""

_BACKDROP = "#808080"
# They differ in all three channels, so that they do below shadows and blushes of any colour.
_MARKED, _MARKED_AGAIN = "ff0000", "00ffff"


class Unrenderable(Exception):
    """The renderer refuses the SVG."""


def render(svg: str, side: int, backdrop: str | None = None) -> Pixels:
    """Returns RGBA (h, w, 4) with straight alpha, `side` pixels high. Raises Unrenderable."""
    try:
        png = resvg_py.svg_to_bytes(
            svg_string=svg, height=side, background=backdrop, skip_system_fonts=True
        )
    except ValueError as error:
        raise Unrenderable(str(error)) from error
    bgra = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
    return cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA).astype(np.uint8)


def load(path: str, side: int) -> Pixels:
    """Returns a picture with transparency as RGBA, `side` pixels high."""
    bgra = cv2.imread(path, cv2.IMREAD_UNCHANGED)
    width = round(bgra.shape[1] * side / bgra.shape[0])
    bgra = cv2.resize(bgra, (width, side), interpolation=cv2.INTER_AREA)
    return cv2.cvtColor(bgra, cv2.COLOR_BGRA2RGBA).astype(np.uint8)


def recoloured(svg: str, colours: Colours, colour: str) -> str:
    """Replaces fills, strokes and gradient stops of these colours."""
    pattern = "#(?:" + "|".join(sorted(colours)) + r")\b"
    return re.sub(pattern, f"#{colour}", svg, flags=re.IGNORECASE)


def coloured_parts(svg: str, colours: Colours, side: int) -> Pixels:
    """Returns how visible these colours are, uint8 (h, w): 255 where nothing covers them."""
    first, second = (
        render(recoloured(svg, colours, colour), side, _BACKDROP)[..., :3].astype(np.int16)
        for colour in (_MARKED, _MARKED_AGAIN)
    )
    return np.abs(first - second).max(axis=2).astype(np.uint8)
