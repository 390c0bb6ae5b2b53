"""Labels from the visible skin of a drawing. They know no files."""

from __future__ import annotations

import cv2
import numpy as np

from tools.training.sprite import BACKGROUND, FACE, HAND, UNKNOWN, Pixels, box_of


def disc(diameter: float) -> Pixels:
    """A structuring element."""
    size = max(3, round(diameter) | 1)
    return cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)).astype(np.uint8)


def closed_and_filled(mask: Pixels, gap: float) -> Pixels:
    """Closes gaps up to `gap` pixels, then fills holes: eyes and mouths are holes in the skin."""
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, disc(gap)).astype(np.uint8)
    contours, _ = cv2.findContours(closed, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    solid = np.zeros_like(mask)
    cv2.drawContours(solid, contours, -1, (1,), cv2.FILLED)
    return solid


def components(mask: Pixels, least: float) -> list[Pixels]:
    """Connected parts with at least `least` pixels, the largest first."""
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask)
    areas = statistics[1:, cv2.CC_STAT_AREA]
    order = [index for index in np.argsort(-areas, kind="stable") if areas[index] >= least]
    return [(labels == index + 1).astype(np.uint8) for index in order]


def face_in(skin: Pixels, head: Pixels | None) -> Pixels | None:
    """Returns the label of the one face in `skin`, both uint8 0/1 (h, w); None if there is none.

    `head` covers the head without ears and neck. Without it, the face is what remains of the
    largest part after an opening, which removes what is narrow: ears and neck. Other skin is
    UNKNOWN. With `head`, it is BACKGROUND below the chin: a neck, for those bodies have no hands.
    """
    side = skin.shape[0]
    # locks of hair and outlines of noses split the skin; they are thinner than this
    closed = closed_and_filled(skin, side * 0.025)
    if head is None:
        parts = components(closed, side * side * 0.005)
        if not parts:
            return None
        face = opened(parts[0], 0.45)
    else:
        face = closed & head
    parts = components(face, side * side * 0.003)
    if not parts:
        return None
    # a fringe or large glasses leave several parts of one face
    face = np.maximum.reduce([part for part in parts if part.sum() >= 0.05 * parts[0].sum()])
    others = closed & (1 - face)
    if head is not None:
        others[round(box_of(face)[3]) :] = 0
    # An eye below a fringe is a bay of the skin, not a hole. So is a lock of hair, of this width.
    bays = closed_and_filled(face, np.sqrt(face.sum()) * 0.35)
    label = np.where(others | bays, UNKNOWN, BACKGROUND).astype(np.uint8)
    label[face > 0] = FACE
    return label


def opened(mask: Pixels, share: float) -> Pixels:
    """Removes what is narrower than `share` of the root of the area, and keeps the edges."""
    core = cv2.morphologyEx(mask, cv2.MORPH_OPEN, disc(np.sqrt(mask.sum()) * share))
    return cv2.dilate(core, disc(3)).astype(np.uint8) & mask


def hands_in(skin: Pixels, drawn: Pixels) -> Pixels | None:
    """Returns the label of an emoji whose skin is that of hands; None if it shows no skin.

    `drawn` are the pixels that are not transparent, uint8 0/1. Outlines of fingers are part of the
    hands. What else is drawn is UNKNOWN: sleeves, lines of motion, the shaded side of a hand.
    """
    closed = closed_and_filled(skin, skin.shape[0] * 0.03) & drawn
    parts = components(closed, max(1, 0.1 * closed.sum()))
    if not parts:
        return None
    label = (drawn * UNKNOWN).astype(np.uint8)
    label[np.maximum.reduce(parts) > 0] = HAND
    return label


def smiley_in(drawn: Pixels, plain: Pixels) -> tuple[Pixels, bool]:
    """Returns the label of a smiley, and whether its edge is known.

    `drawn` are the pixels that are not transparent, `plain` those of the set's plain smiley, a
    disc, both uint8 0/1 (h, w). Where nothing is cut off the disc, it is the face; what is drawn
    around it is UNKNOWN: tears, hearts, a hand. Else the face is what an opening leaves.
    """
    missing = (plain & (1 - drawn)).sum() / plain.sum()
    # anti-aliased edges differ by less
    if missing < 0.01:
        face, known = plain & drawn, True
    else:
        face, known = opened(drawn, 0.6), False
    label = (drawn * UNKNOWN).astype(np.uint8)
    label[face > 0] = FACE
    return label, known
