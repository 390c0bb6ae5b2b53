"""Heads in space, turned and drawn: contours where the surface turns away, light and shadow.

So a turned head has its features where they are seen, and the contour of a nose before a cheek.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from tools.training.procedural.blemishes import draw_blemishes
from tools.training.procedural.body import draw_body
from tools.training.procedural.chance import Rng, around_zero, between, chance, either_side
from tools.training.procedural.colors import Color, any_color, mix
from tools.training.procedural.curves import ellipse, smooth
from tools.training.procedural.eyes import draw_brows, draw_eyes, random_eyes
from tools.training.procedural.eyewear import covers_eyes, draw_eyewear, random_eyewear
from tools.training.procedural.head import Head
from tools.training.procedural.looks import Looks, random_looks
from tools.training.procedural.mouths import draw_mouth
from tools.training.procedural.pen import Pen
from tools.training.procedural.style import Style
from tools.training.procedural.surface import Features, Floats, Part, Surface, random_surface
from tools.training.procedural.svg import SIDE, Drawing, Role
from tools.training.sprite import BACKGROUND, FACE, UNKNOWN, Pixels

_PIXELS = 192
_FINE = 256
"""Side of the picture before it is made smaller, which smooths its edges."""

_CHART = Head(128, 128, 110, 110)
"""The face is drawn onto it, and from there comes onto the surface."""
_CHART_PIXELS = 384

_FAR_SIDE = -0.5
"""Points farther back are hidden by those before them, and need no sorting."""

_JUMP = 0.14
"""Difference in depth of neighbouring pixels, in units of the surface, at which there is a contour.
Chosen by eye."""

_LABELS = {
    Part.NONE: BACKGROUND, Part.SKIN: FACE, Part.NOSE: FACE, Part.HAIR: BACKGROUND,
    Part.HAT: BACKGROUND, Part.BEARD: UNKNOWN, Part.EAR: UNKNOWN,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What is seen at each pixel of a square: depth, part, and face point. Depth is -inf, and the
    part NONE, where nothing is.
    """

    depth: Floats
    part: npt.NDArray[np.uint8]
    chart: Floats


def solid_head(
    rng: Rng, style: Style, yaw: tuple[float, float], *, creature: bool
) -> tuple[Pixels, Pixels] | None:
    """A picture, RGBA (h, w, 4), and its label (h, w), or None where no eye is visible.

    The head is turned by an angle between the two of `yaw`, in radians, to either side.
    """
    looks = random_looks(rng, creature=creature)
    eyes = random_eyes(rng, creature=creature)
    nose = eyes.height + between(rng, 0.2, 0.5)
    features = Features(eyes.height, nose, min(nose + between(rng, 0.15, 0.4), 0.8))
    pen = Pen(rng, Drawing(), style)
    pen.paint(smooth(ellipse(300, 300) + 128), looks.skin, Role.FACE)
    draw_blemishes(pen, _CHART, looks.skin)
    glasses = random_eyewear(rng) if chance(rng, 0.5) else "none"
    if not covers_eyes(glasses):
        draw_eyes(pen, _CHART, looks, eyes)
    draw_mouth(pen, _CHART, looks, features.mouth)
    if chance(rng, 0.65):
        draw_brows(pen, _CHART, looks, eyes)
    draw_eyewear(pen, _CHART, eyes, glasses)
    face, _ = pen.drawing.render(_CHART_PIXELS)
    turn = between(rng, *yaw) * either_side(rng)
    surface = random_surface(rng, features, creature=creature).turned(turn, around_zero(rng, 0.18))
    view = _seen(surface, between(rng, 0.5, 0.72) / 2)
    if not any(_shows(view, side * eyes.spacing, eyes.height) for side in (-1, 1)):
        return None
    picture = _coloured(rng, style, view, face, looks)
    label = np.array([_LABELS[part] for part in Part], np.uint8)[view.part]
    body = _body(rng, style, looks)
    alpha = (view.part > 0).astype(np.uint8) * 255
    small = cv2.resize(
        np.dstack([picture, alpha]), (_PIXELS, _PIXELS), interpolation=cv2.INTER_AREA
    )
    small_label = cv2.resize(label, (_PIXELS, _PIXELS), interpolation=cv2.INTER_NEAREST)
    return _over(np.asarray(small, np.uint8), body), np.asarray(small_label, np.uint8)


def _seen(surface: Surface, size: float) -> _View:
    """The view of a surface. `size` is that of its unit as a share of the picture, unless the
    surface would not fit into it.
    """
    flat = surface.points[:, :2]
    lowest, highest = flat.min(axis=0), flat.max(axis=0)
    scale = _FINE * min(size, 0.92 / (highest - lowest).max())
    places = np.round((flat - (lowest + highest) / 2) * scale + _FINE / 2).astype(int)
    front = np.flatnonzero(surface.points[:, 2] > _FAR_SIDE)
    order = front[np.argsort(surface.points[front, 2], kind="stable")]
    nearest = np.full((_FINE, _FINE), -1)
    nearest[places[order, 1], places[order, 0]] = order  # the last one, the nearest, stays
    nearest = _without_gaps(nearest)
    shown = nearest >= 0
    return _View(
        np.where(shown, surface.points[nearest, 2], -np.inf),
        np.where(shown, surface.parts[nearest], Part.NONE).astype(np.uint8),
        surface.chart[nearest],
    )


def _without_gaps(nearest: npt.NDArray[np.int_]) -> npt.NDArray[np.int_]:
    """Points stand apart where the surface is stretched: a gap gets the point beside it."""
    for axis in (0, 1):
        for shift in (1, -1):
            beside, across = np.roll(nearest, shift, axis), np.roll(nearest, -shift, axis)
            gap = (nearest < 0) & (beside >= 0) & (across >= 0)
            nearest = np.where(gap, beside, nearest)
    return nearest


def _shows(view: _View, longitude: float, latitude: float) -> bool:
    """Whether the face point is seen."""
    far = np.abs(view.chart - (longitude, latitude)).max(axis=2)
    return bool((far[view.part == Part.SKIN] < 0.05).any())


def _coloured(rng: Rng, style: Style, view: _View, face: Pixels, looks: Looks) -> Pixels:
    tones: dict[Part, Color] = {
        Part.NONE: (0, 0, 0),
        Part.SKIN: looks.skin,
        Part.HAIR: looks.hair,
        Part.HAT: any_color(rng),
        Part.BEARD: looks.hair,
        Part.EAR: looks.skin,
        Part.NOSE: mix(looks.skin, (230, 80, 70), between(rng, 0, 0.5)),
    }
    colors = np.array([style.tone(tones[part]) for part in Part], np.float32)[view.part]
    places = _CHART.at(view.chart.reshape(-1, 2)) * (_CHART_PIXELS / SIDE) - 0.5
    across, down = places.T.reshape(2, _FINE, _FINE).astype(np.float32)
    drawn = cv2.remap(np.ascontiguousarray(face[..., :3]), across, down, cv2.INTER_LINEAR)
    front = (view.part == Part.SKIN) & (np.abs(view.chart[..., 0]) < 1.4)
    colors = np.where(front[..., None], drawn, colors)
    if style.filled:
        colors = colors * _light(rng, style, view)[..., None]
    if style.line or not style.filled:
        edges = _edges(view, style.line * _FINE / SIDE * 0.6)
        ink = np.array(style.ink or (0, 0, 0), np.float32)
        lines = ink if style.ink or not style.filled else colors * 0.45
        colors = np.where(edges[..., None], lines, colors)
    return np.asarray(np.clip(colors, 0, 255), np.uint8)


def _light(rng: Rng, style: Style, view: _View) -> Floats:
    """The brightness of each pixel: 1 for flat areas."""
    if style.shading == "flat" and chance(rng, 0.5):
        return np.ones_like(view.depth)
    depth = np.where(np.isfinite(view.depth), view.depth, view.depth[view.part > 0].min())
    depth = cv2.GaussianBlur(depth.astype(np.float32), (0, 0), between(rng, 1.5, 4))
    unit = _FINE * 0.3
    across, down = (
        cv2.Sobel(depth, cv2.CV_32F, dx, dy, scale=1 / 8) * unit for dx, dy in ((1, 0), (0, 1))
    )
    normal = np.dstack([-across, -down, np.ones_like(depth)])
    normal /= np.linalg.norm(normal, axis=2, keepdims=True)
    lamp = np.array([around_zero(rng, 0.8), between(rng, -1.2, 0.3), between(rng, 0.4, 1.2)])
    bright = normal @ (lamp / np.linalg.norm(lamp))
    if style.shading == "flat":  # cel shading
        bright = (bright > between(rng, 0.1, 0.5)).astype(np.float64)
    strength = between(rng, 0.1, 0.6)
    return np.asarray(1 - strength + strength * np.clip(bright, 0, 1) * between(rng, 1, 1.25))


def _edges(view: _View, width: float) -> npt.NDArray[np.bool_]:
    """Where lines are: around parts, and where the surface jumps to another depth."""
    depth = np.where(np.isfinite(view.depth), view.depth, -10.0).astype(np.float32)
    near = cv2.medianBlur(depth, 5)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    jump = cv2.morphologyEx(near, cv2.MORPH_GRADIENT, cross) > _JUMP
    border = cv2.morphologyEx(view.part, cv2.MORPH_GRADIENT, cross) > 0
    edges = (jump | border) & (view.part > 0)
    size = max(1, round(width)) | 1
    pen = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    return cv2.dilate(edges.astype(np.uint8), pen).astype(bool) & (view.part > 0)


def _body(rng: Rng, style: Style, looks: Looks) -> Pixels:
    """Shoulders, or nothing."""
    drawing = Drawing()
    if chance(rng, 0.7):
        draw_body(Pen(rng, drawing, style), Head(128, 118, 55, 70), looks.skin)
    return drawing.render(_PIXELS)[0]


def _over(above: Pixels, below: Pixels) -> Pixels:
    """Both RGBA with straight alpha."""
    alpha = above[..., 3:].astype(np.float32) / 255
    rest = below[..., 3:].astype(np.float32) / 255 * (1 - alpha)
    total = alpha + rest
    colors = (above[..., :3] * alpha + below[..., :3] * rest) / np.maximum(total, 1e-6)
    return np.asarray(np.dstack([colors, total * 255]).round(), np.uint8)
