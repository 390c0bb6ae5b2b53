"""Heads seen from the side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tools.training.procedural.chance import (
    BLACK,
    WHITE,
    Color,
    Rng,
    any_color,
    between,
    chance,
    darker,
    mix,
    pick,
    weighted,
)
from tools.training.procedural.curves import Points, arc, ellipse, joined, points, smooth, straight
from tools.training.procedural.style import Style, shade_face
from tools.training.procedural.svg import Drawing, Role, css


@dataclass(frozen=True, slots=True)
class Profile:
    """A head from the side. Unit points: x from -1, the back, to about 1, the brow; y from -1 to 1."""

    x: float
    y: float
    across: float
    down: float
    side: int
    nose: float
    nose_height: float
    chin: float
    lips: float
    forehead: float
    snout: float

    def put(self, unit: Points) -> Points:
        """Canvas points."""
        return np.array([self.x, self.y]) + unit * np.array([self.side * self.across, self.down])

    def front(self) -> Points:
        """The contour from the hairline down to the chin."""
        nose, height, lips = self.nose, self.nose_height, self.lips
        muzzle = self.snout
        return points(
            (0.35, -1.0), (0.7 + self.forehead, -0.68), (0.83 + self.forehead, -0.32), (0.74, -0.12),
            (0.8 + nose * 0.55 + muzzle * 0.5, height - 0.12), (0.8 + nose + muzzle, height),
            (0.78 + nose * 0.3 + muzzle, height + 0.1), (0.8 + muzzle, 0.36), (0.82 + lips + muzzle, 0.43),
            (0.72 + muzzle, 0.5), (0.8 + lips + muzzle * 0.8, 0.58), (0.68 + muzzle * 0.6, 0.68),
            (0.72 + self.chin, 0.86), (0.45 + self.chin * 0.5, 1.02),
        )  # fmt: skip

    def outline(self) -> Points:
        """The whole head, clockwise if it looks to the right."""
        back = points(
            (0.0, 0.86),
            (-0.3, 0.6),
            (-0.7, 0.5),
            (-0.98, 0.05),
            (-0.95, -0.45),
            (-0.6, -0.92),
            (-0.1, -1.08),
        )
        return self.put(joined([self.front(), back]))


def random_profile(rng: Rng, *, creature: bool) -> Profile:
    across = between(rng, 44, 66)
    big = weighted(rng, {"small": 0.4, "large": 0.4, "huge": 0.2})
    nose = {
        "small": between(rng, 0.05, 0.2),
        "large": between(rng, 0.2, 0.5),
        "huge": between(rng, 0.5, 1.1),
    }[big]
    return Profile(
        x=128 - between(rng, -6, 10), y=118 + between(rng, -6, 6), across=across,
        down=across * between(rng, 1.05, 1.5), side=int(rng.choice([-1, 1])), nose=nose,
        nose_height=between(rng, 0.05, 0.28), chin=between(rng, -0.25, 0.35), lips=between(rng, 0, 0.15),
        forehead=between(rng, -0.15, 0.15),
        snout=between(rng, 0.2, 0.6) if creature and chance(rng, 0.4) else 0,
    )  # fmt: skip


def draw_profile(
    rng: Rng,
    drawing: Drawing,
    head: Profile,
    style: Style,
    skin: Color,
    hair: Color,
    *,
    creature: bool,
) -> None:
    """Draws the head with its features and, mostly, hair or a hat."""
    if chance(rng, 0.3):
        long = points(
            (0.2, -1.1),
            (-0.9, -0.9),
            (-1.3, 0),
            (-1.2, between(rng, 0.8, 2)),
            (-0.2, between(rng, 0.8, 1.8)),
            (0.1, 0),
        )
        style.paint(rng, drawing, smooth(head.put(long)), hair, Role.GROUND)
    outline = head.outline()
    style.paint(rng, drawing, smooth(outline), skin, Role.FACE)
    shade_face(rng, drawing, style, outline, skin)
    _features(rng, drawing, head, style, skin, hair, creature=creature)
    _ear(rng, drawing, head, style, skin, creature=creature)
    _hair(rng, drawing, head, style, hair)


def _features(
    rng: Rng,
    drawing: Drawing,
    head: Profile,
    style: Style,
    skin: Color,
    hair: Color,
    *,
    creature: bool,
) -> None:
    ink = style.dark
    line = style.line_color(skin)
    mouth = between(rng, 0.46, 0.52)
    length = between(rng, 0.2, 0.55)
    kind = weighted(
        rng, {"line": 0.55, "open": 0.25, "lips": 0.12, "fang": 0.3 if creature else 0.02}
    )
    corner = (0.74 + head.snout - length, mouth + between(rng, -0.14, 0.1))
    if kind == "open":
        low = between(rng, 0.1, 0.28)
        shape = points(
            (0.8 + head.snout, mouth - 0.04), corner, (0.66 + head.snout * 0.7, mouth + low)
        )
        drawing.add(
            smooth(head.put(shape)),
            Role.FACE,
            fill=css(pick(rng, [BLACK, (120, 30, 35)])),
            stroke=css(line),
            width=style.line,
        )
        if chance(rng, 0.5):
            teeth = points(
                (0.76 + head.snout, mouth - 0.03),
                (corner[0] + 0.1, corner[1]),
                (0.7 + head.snout, mouth + 0.05),
            )
            drawing.add(straight(head.put(teeth)), Role.DETAIL, fill="#fff")
    else:
        style.stroke(
            drawing,
            smooth(
                head.put(
                    points(
                        (0.76 + head.snout, mouth), ((0.76 + corner[0]) / 2, mouth + 0.02), corner
                    )
                ),
                closed=False,
            ),
            ink,
            style.pen,
        )
    if kind == "lips":
        lips = points(
            (0.84 + head.lips, mouth - 0.06), (0.6, mouth), (0.82 + head.lips, mouth + 0.09)
        )
        drawing.add(
            smooth(head.put(lips)), Role.DETAIL, fill=css(style.tone(mix(skin, (200, 40, 60), 0.6)))
        )
    if kind == "fang":
        tusk = points((0.6, mouth), (0.64, mouth - between(rng, 0.1, 0.3)), (0.68, mouth))
        style.paint(rng, drawing, straight(head.put(tusk)), (250, 245, 220), Role.FACE, line=0.6)
    if chance(rng, 0.5):  # the nostril's wing
        at = np.array([0.74 + head.nose * 0.3 + head.snout * 0.8, head.nose_height + 0.05])
        style.stroke(
            drawing,
            smooth(head.put(arc(100, 290, 0.07, 0.07) + at), closed=False),
            line,
            style.pen * 0.8,
        )
    if head.nose > 0.3 and chance(rng, 0.4):
        ball = ellipse(head.nose * 0.45, head.nose * 0.35) + np.array(
            [0.75 + head.nose * 0.7, head.nose_height - 0.02]
        )
        style.paint(
            rng,
            drawing,
            smooth(head.put(ball)),
            mix(skin, (230, 80, 70), between(rng, 0, 0.5)),
            Role.FACE,
        )
    glasses = weighted(rng, {"none": 0.78, "glasses": 0.13, "sunglasses": 0.09})
    if glasses != "sunglasses":
        _eye(rng, drawing, head, style, skin, creature=creature)
    if glasses != "none":
        lens = ellipse(0.2, between(rng, 0.14, 0.24)) + np.array([0.6, -0.14])
        drawing.add(smooth(head.put(lens)), Role.DETAIL, fill="#222" if glasses == "sunglasses" else "#fff",
                    more=f'fill-opacity="{1 if glasses == "sunglasses" else 0.3}"', stroke=css(style.dark), width=style.pen)  # fmt: skip
        style.stroke(
            drawing,
            straight(head.put(points((0.42, -0.16), (-0.2, -0.14))), closed=False),
            style.dark,
            style.pen,
        )
    if chance(rng, 0.75):
        height = between(rng, -0.5, -0.3)
        slope = between(rng, -0.12, 0.12)
        brow = points((0.78, height + slope), (0.6, height - 0.06), (0.38, height - slope))
        style.stroke(
            drawing,
            smooth(head.put(brow), closed=False),
            hair if style.filled else ink,
            style.pen * between(rng, 0.8, 2.5),
        )
    if chance(rng, 0.16):
        low = between(rng, 1.05, 1.7)
        beard = points(
            (0.75, 0.62),
            (0.45, 0.6),
            (0.1, 0.3),
            (-0.2, 0.0),
            (-0.3, 0.4),
            (0.1, 0.95),
            (0.5, low),
            (0.85 + head.chin, 0.95),
        )
        style.paint(rng, drawing, smooth(head.put(beard)), hair, Role.UNKNOWN)
    if chance(rng, 0.1):
        moustache = points((0.9, 0.34), (0.6, 0.36), (0.45, between(rng, 0.4, 0.6)), (0.8, 0.46))
        style.paint(rng, drawing, smooth(head.put(moustache)), hair, Role.UNKNOWN, line=0.7)


def _eye(
    rng: Rng, drawing: Drawing, head: Profile, style: Style, skin: Color, *, creature: bool
) -> None:
    at = np.array([between(rng, 0.5, 0.66), between(rng, -0.22, -0.06)])
    size = between(rng, 0.1, 0.26)
    dark = css(style.dark)
    kind = weighted(
        rng,
        {
            "dot": 0.28,
            "side": 0.34,
            "round": 0.2,
            "closed": 0.14,
            "glow": 0.2 if creature else 0.01,
        },
    )
    if kind == "dot":
        drawing.add(
            smooth(head.put(ellipse(0.045, between(rng, 0.05, 0.11)) + at)), Role.DETAIL, fill=dark
        )
    elif kind == "closed":
        curve = arc(20, 160, size, size * 0.6) * np.array([1, pick(rng, [-1, 1])]) + at
        style.stroke(drawing, smooth(head.put(curve), closed=False), style.dark, style.pen)
    elif kind == "glow":
        drawing.add(
            smooth(head.put(ellipse(size, size * 0.5) + at)),
            Role.DETAIL,
            fill=css(pick(rng, [(255, 60, 40), (255, 220, 60)])),
        )
    else:
        rim = (
            ellipse(size * 0.7, size)
            if kind == "round"
            else points((0.9, -0.5), (1, 0), (0.9, 0.5), (0, 0.55), (-1, 0.1), (0, -0.6)) * size
        )
        drawing.add(
            smooth(head.put(rim + at)),
            Role.DETAIL,
            fill=css(WHITE),
            stroke=css(style.line_color(skin)),
            width=style.line * 0.7 or 1.2,
        )
        look = at + np.array([size * between(rng, 0.1, 0.6), 0])
        if chance(rng, 0.4):
            drawing.add(
                smooth(head.put(ellipse(size * 0.3, size * 0.45) + look)),
                Role.DETAIL,
                fill=css(any_color(rng)),
            )
        drawing.add(
            smooth(head.put(ellipse(size * 0.2, size * 0.32) + look)), Role.DETAIL, fill=dark
        )
        if kind == "side":
            lid = arc(195, 340, size * 1.1, size * 0.7) + at
            style.stroke(drawing, smooth(head.put(lid), closed=False), style.dark, style.pen)


def _ear(
    rng: Rng, drawing: Drawing, head: Profile, style: Style, skin: Color, *, creature: bool
) -> None:
    if not chance(rng, 0.75):
        return
    size = between(rng, 0.12, 0.26)
    at = np.array([between(rng, -0.28, -0.05), between(rng, -0.05, 0.12)])
    shape = ellipse(size * 0.75, size * 1.2)
    if creature and chance(rng, 0.5):
        shape = points((0.3, 0.8), (0.3, -0.6), (-between(rng, 1.5, 3.5), -1.8), (-0.4, 0.8)) * size
    style.paint(rng, drawing, smooth(head.put(shape + at)), skin, Role.UNKNOWN)
    inner = arc(-120, 100, size * 0.4, size * 0.7) + at
    style.stroke(
        drawing,
        smooth(head.put(inner), closed=False),
        darker(style.line_color(skin), 0.9),
        style.pen * 0.7,
    )


def _hair(rng: Rng, drawing: Drawing, head: Profile, style: Style, hair: Color) -> None:
    kind = weighted(
        rng,
        {
            "none": 0.14,
            "short": 0.34,
            "long": 0.16,
            "cap": 0.14,
            "helmet": 0.1,
            "hood": 0.06,
            "wreath": 0.06,
        },
    )
    top = between(rng, 1.08, 1.3)
    if kind == "none":
        return
    if kind in ("short", "long"):
        low = between(rng, 0.3, 0.7) if kind == "short" else between(rng, 0.9, 1.6)
        line = between(rng, -0.75, -0.45)
        shape = joined([
            points((between(rng, 0.45, 0.8), line - 0.15), (between(rng, 0.1, 0.45), line + 0.15), (0.08, -0.1), (-0.12, between(rng, -0.2, 0.15)), (-0.4, 0.15), (-0.5, low)),
            points((-1.0, low - 0.1), (-1.15, 0), (-1.05, -0.6), (-0.6, -top), (0.1, -top - 0.05), (0.6, -0.95)),
        ])  # fmt: skip
        style.paint(rng, drawing, smooth(head.put(shape)), hair, Role.GROUND)
        return
    color = any_color(rng)
    if kind == "wreath":
        shape = points((-0.35, -0.2), (-0.3, 0.3), (-0.8, 0.5), (-1.08, 0.1), (-0.95, -0.3))
        style.paint(rng, drawing, smooth(head.put(shape)), hair, Role.GROUND)
        return
    edge = between(rng, -0.55, -0.25)
    if kind == "hood":
        shape = joined(
            [
                points((0.55, -0.95), (0.35, -0.3), (0.2, 0.5), (0.4, 1.1)),
                points((-0.3, 1.5), (-1.25, 0.9), (-1.3, -0.4), (-0.7, -1.35), (0.2, -1.35)),
            ]
        )
        style.paint(rng, drawing, smooth(head.put(shape)), color, Role.GROUND)
        return
    dome = joined(
        [
            points((0.85, edge)),
            arc(-20, -160, 1.02, top)[::1],
            points((-1.05, edge + between(rng, 0, 0.5)), (0, edge - 0.02)),
        ]
    )
    style.paint(
        rng,
        drawing,
        smooth(head.put(dome)),
        (140, 140, 150) if kind == "helmet" else color,
        Role.GROUND,
    )
    if kind == "cap":
        visor = points(
            (0.6, edge - 0.08),
            (0.9 + between(rng, 0.2, 0.8), edge + between(rng, -0.1, 0.15)),
            (0.8, edge + 0.05),
        )
        style.paint(rng, drawing, smooth(head.put(visor)), darker(color, 0.8), Role.GROUND)
    elif chance(rng, 0.6):
        guard = points((0.1, edge), (0.35, 0.5), (0.1, 0.8), (-0.3, 0.5), (-0.35, edge))
        style.paint(rng, drawing, smooth(head.put(guard)), (140, 140, 150), Role.GROUND)
