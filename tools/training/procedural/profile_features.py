"""The face of a head that is seen from the side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tools.training.procedural.chance import between, chance, pick, weighted
from tools.training.procedural.colors import BLACK, WHITE, Color, any_color, mix
from tools.training.procedural.curves import (
    Point,
    Points,
    arc,
    curve,
    ellipse,
    moved,
    points,
    polygon,
    polyline,
    scaled,
    smooth,
)
from tools.training.procedural.looks import Looks
from tools.training.procedural.pen import Pen
from tools.training.procedural.profile import Profile
from tools.training.procedural.svg import Line, Role


def draw_profile_features(pen: Pen, head: Profile, looks: Looks) -> None:
    """Draws mouth, nose, eye, glasses, brow and beard onto the head."""
    face = _Face(pen, head, looks)
    _mouth(face)
    _nose(face)
    glasses = weighted(pen.rng, {"none": 0.78, "glasses": 0.13, "sunglasses": 0.09})
    if glasses != "sunglasses":
        _eye(face)
    if glasses != "none":
        _glasses(face, dark=glasses == "sunglasses")
    if chance(pen.rng, 0.75):
        _brow(face)
    if chance(pen.rng, 0.16):
        _beard(face)
    if chance(pen.rng, 0.1):
        _moustache(face)


@dataclass(frozen=True, slots=True)
class _Face:
    pen: Pen
    head: Profile
    looks: Looks

    def smooth(self, shape: Points) -> str:
        return smooth(self.head.put(shape))

    def stroke(self, shape: Points, color: Color, width: float = 1.0) -> None:
        """Draws a line. `width` is in widths of the style's details."""
        self.pen.stroke(curve(self.head.put(shape)), color, self.pen.style.detail * width)

    def line(self, width: float) -> Line:
        return Line(self.pen.style.line_color(self.looks.skin), width)


def _mouth(face: _Face) -> None:
    rng = face.pen.rng
    height = between(rng, 0.46, 0.52)
    length = between(rng, 0.2, 0.55)
    tusk = 0.3 if face.looks.creature else 0.02
    draw = weighted(rng, {_closed: 0.55, _open: 0.25, _lips: 0.12, _tusk: tusk})
    draw(face, height, (0.74 + face.head.snout - length, height + between(rng, -0.14, 0.1)))


def _closed(face: _Face, height: float, corner: Point) -> None:
    middle = ((0.76 + corner[0]) / 2, height + 0.02)
    line = points((0.76 + face.head.snout, height), middle, corner)
    face.stroke(line, face.pen.style.dark)


def _open(face: _Face, height: float, corner: Point) -> None:
    pen, snout = face.pen, face.head.snout
    low = height + between(pen.rng, 0.1, 0.28)
    shape = points((0.8 + snout, height - 0.04), corner, (0.66 + snout * 0.7, low))
    throat = pick(pen.rng, [BLACK, (120, 30, 35)])
    pen.drawing.add(face.smooth(shape), Role.FACE, fill=throat, line=face.line(pen.style.line))
    if chance(pen.rng, 0.5):
        tip = (corner[0] + 0.1, corner[1])
        teeth = points((0.76 + snout, height - 0.03), tip, (0.7 + snout, height + 0.05))
        pen.spot(polygon(face.head.put(teeth)), WHITE)


def _lips(face: _Face, height: float, corner: Point) -> None:
    _closed(face, height, corner)
    out = face.head.lips
    lips = points((0.84 + out, height - 0.06), (0.6, height), (0.82 + out, height + 0.09))
    red = face.pen.style.tone(mix(face.looks.skin, (200, 40, 60), 0.6))
    face.pen.spot(face.smooth(lips), red)


def _tusk(face: _Face, height: float, corner: Point) -> None:
    _closed(face, height, corner)
    tip = (0.64, height - between(face.pen.rng, 0.1, 0.3))
    path = polygon(face.head.put(points((0.6, height), tip, (0.68, height))))
    face.pen.paint(path, (250, 245, 220), Role.FACE, line=0.6)


def _nose(face: _Face) -> None:
    """The wing of the nose, and a ball at its tip."""
    rng, head, skin = face.pen.rng, face.head, face.looks.skin
    if chance(rng, 0.5):
        wing = arc(100, 290, 0.07, 0.07)
        at = (0.74 + head.nose * 0.3 + head.snout * 0.8, head.nose_height + 0.05)
        face.stroke(moved(wing, *at), face.pen.style.line_color(skin), 0.8)
    if head.nose > 0.3 and chance(rng, 0.4):
        ball = ellipse(head.nose * 0.45, head.nose * 0.35)
        path = face.smooth(moved(ball, 0.75 + head.nose * 0.7, head.nose_height - 0.02))
        face.pen.paint(path, mix(skin, (230, 80, 70), between(rng, 0, 0.5)), Role.FACE)


def _glasses(face: _Face, *, dark: bool) -> None:
    pen, style = face.pen, face.pen.style
    lens = moved(ellipse(0.2, between(pen.rng, 0.14, 0.24)), 0.6, -0.14)
    pen.drawing.add(
        face.smooth(lens),
        Role.DETAIL,
        fill=(34, 34, 34) if dark else WHITE,
        line=Line(style.dark, style.detail),
        attributes=f'fill-opacity="{1 if dark else 0.3}"',
    )
    arm = face.head.put(points((0.42, -0.16), (-0.2, -0.14)))
    pen.stroke(polyline(arm), style.dark, style.detail)


def _brow(face: _Face) -> None:
    rng = face.pen.rng
    height = between(rng, -0.5, -0.3)
    slope = between(rng, -0.12, 0.12)
    brow = points((0.78, height + slope), (0.6, height - 0.06), (0.38, height - slope))
    face.stroke(brow, face.pen.style.inked(face.looks.hair), between(rng, 0.8, 2.5))


def _beard(face: _Face) -> None:
    low = between(face.pen.rng, 1.05, 1.7)
    beard = points(
        (0.75, 0.62), (0.45, 0.6), (0.1, 0.3), (-0.2, 0.0), (-0.3, 0.4), (0.1, 0.95), (0.5, low),
        (0.85 + face.head.chin, 0.95),
    )  # fmt: skip
    face.pen.paint(face.smooth(beard), face.looks.hair, Role.BEARD)


def _moustache(face: _Face) -> None:
    tip = (0.45, between(face.pen.rng, 0.4, 0.6))
    moustache = points((0.9, 0.34), (0.6, 0.36), tip, (0.8, 0.46))
    face.pen.paint(face.smooth(moustache), face.looks.hair, Role.BEARD, line=0.7)


def _eye(face: _Face) -> None:
    rng = face.pen.rng
    at = (between(rng, 0.5, 0.66), between(rng, -0.22, -0.06))
    eye = _Eye(face, at, between(rng, 0.1, 0.26))
    glow = 0.2 if face.looks.creature else 0.01
    kinds: dict[Callable[[_Eye], None], float] = {
        _dot: 0.28,
        _lidded: 0.34,
        _round: 0.2,
        _shut: 0.14,
        _glowing: glow,
    }
    weighted(rng, kinds)(eye)


@dataclass(frozen=True, slots=True)
class _Eye:
    """Shapes are in units of `size` around the eye's middle, `at`."""

    face: _Face
    at: Point
    size: float

    def put(self, shape: Points) -> Points:
        """Points of the head."""
        return moved(shape * self.size, *self.at)

    def spot(self, shape: Points, color: Color) -> None:
        self.face.pen.spot(self.face.smooth(self.put(shape)), color)

    def stroke(self, shape: Points) -> None:
        self.face.stroke(self.put(shape), self.face.pen.style.dark)


def _dot(eye: _Eye) -> None:
    dot = moved(ellipse(0.045, between(eye.face.pen.rng, 0.05, 0.11)), *eye.at)
    eye.face.pen.spot(eye.face.smooth(dot), eye.face.pen.style.dark)


def _shut(eye: _Eye) -> None:
    eye.stroke(scaled(arc(20, 160, 1, 0.6), 1, pick(eye.face.pen.rng, [-1, 1])))


def _glowing(eye: _Eye) -> None:
    eye.spot(ellipse(1, 0.5), pick(eye.face.pen.rng, [(255, 60, 40), (255, 220, 60)]))


def _round(eye: _Eye) -> None:
    _open_eye(eye, ellipse(0.7, 1))


def _lidded(eye: _Eye) -> None:
    rim = points((0.9, -0.5), (1, 0), (0.9, 0.5), (0, 0.55), (-1, 0.1), (0, -0.6))
    _open_eye(eye, rim)
    eye.stroke(arc(195, 340, 1.1, 0.7))


def _open_eye(eye: _Eye, rim: Points) -> None:
    face, rng = eye.face, eye.face.pen.rng
    path = face.smooth(eye.put(rim))
    line = face.line(face.pen.style.line * 0.7 or 1.2)
    face.pen.drawing.add(path, Role.DETAIL, fill=WHITE, line=line)
    look = between(rng, 0.1, 0.6)
    if chance(rng, 0.4):
        eye.spot(moved(ellipse(0.3, 0.45), look, 0), any_color(rng))
    eye.spot(moved(ellipse(0.2, 0.32), look, 0), face.pen.style.dark)
