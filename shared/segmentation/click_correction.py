"""Corrects a mask where a person has clicked.

A click on the target adds the part around it to the mask, a click beside the target takes that part
away. Every segmenter's mask is corrected so, if it does not already agree with the clicks. A person
clicks in the middle of what is wrong, so its size is about the distance from the click to the
mask's edge; its shape is that of the watershed of the colours (Meyer, "Color image segmentation",
1992) between the click and what is certainly right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import (
    BoolMask,
    Floats,
    Image,
    depths,
    fill_holes,
    image_box,
    shrunk,
)
from shared.imaging.matting import refine_mask
from shared.imaging.morphology import morphed, parts
from shared.schemas.prompt import LabelledPixel

# All lengths are shares of the root of the mask's area, unless said otherwise. `python -m
# tools.evaluation.corrections` measures how far a few clicks lead.

_SIDE = 200
"""Root of the mask's area in pixels, to which it is scaled down. Chosen by hand: a larger one takes
longer."""

_SURE = 0.25
"""What lies deeper in the mask, or farther outside it, is right unless it is near a click. Chosen
among 0.12, 0.2, 0.25, 0.3 and 0.35: a smaller depth keeps large errors, a greater one lets a
correction flow through weak edges."""

_RELEASED, _RELEASED_EXTENT = 0.12, 2.0
"""Radius around a click within which nothing is sure, and the same as a multiple of the click's
distance from the mask's edge: the larger one holds. The multiple is chosen among 1, 1.5, 2 and 3: a
smaller one keeps parts of large errors, a greater one lets a correction flow too far."""

_FARTHEST = 3.0
"""A correction reaches at most so many times the click's distance from the mask's edge. Chosen
among 2, 3, 4 and 9: a higher limit lets corrections leak, a lower one takes more clicks."""

_NEAREST = 1.2
"""A correction has at least what is within so many times that distance, and nearer to the click
than to all points that say otherwise. Chosen among 0.7, 1 and 1.2: a smaller one takes more clicks
where colours have no edges."""

_CLEAR_CONTRAST, _CLEAR_SPREAD = 60.0, 20.0
"""Least distance of two mean colours in RGB, and greatest standard deviation of a channel, for a
part to be clear. Chosen by hand."""

_LEAST_DISTANCE = 0.03
"""A click at the mask's very edge counts as so far from it. Chosen by hand."""

_INK = 0.03
"""Lines up to twice as wide between the mask and what is added to it go in as well."""

_STRAND = 0.02
"""Parts up to twice as wide that are left over beside what is taken away go as well."""

_LEFT_OVER = 0.15
"""Connected parts smaller than this share of the largest go when something is taken away: what a
cut separates is mostly meant to go. Chosen by hand."""

_ROUNDS = 2
"""A correction may undo one before it, as where two clicks are close together: the second round
repairs that."""

_DOT = 2
"""Radius of a point in the watershed, in pixels at working size, and of a dot in the mask."""


def agrees(mask: BoolMask, clicks: Sequence[LabelledPixel]) -> bool:
    """Whether the mask, bool (h, w), has all clicks (x, y, label) on their sides."""
    return all(mask[y, x] == bool(label) for x, y, label in _inside(mask, clicks))


def corrected(
    image: Image,
    mask: BoolMask,
    points: Sequence[LabelledPixel],
    clicks: Sequence[LabelledPixel],
) -> BoolMask:
    """The mask, bool (h, w), so that each click (x, y, label) is on its side of it.

    `image` is RGB uint8 (h, w, 3). `points` are those of the prompt, which are less certain than
    the clicks. Clicks outside the image are ignored.
    """
    clicks = _inside(mask, clicks)
    if agrees(mask, clicks):
        return mask
    before = _Working.of(image, mask, points, clicks)
    after = before
    for _ in range(_ROUNDS):
        for click in before.clicks:
            after = after.corrected(click)
    enlarged = _at_full_size(mask, before.mask, after.mask)
    step = round(mask.shape[1] / after.mask.shape[1])
    refined = refine_mask(image, enlarged, step) if step > 1 else enlarged
    # people click on what has no edge as well
    return _with_dots(refined if agrees(refined, clicks) else enlarged, clicks)


def _with_dots(mask: BoolMask, clicks: Sequence[LabelledPixel]) -> BoolMask:
    """The mask with a dot at each click on its wrong side: where clicks are close together."""
    dotted = mask.astype(np.uint8)
    for x, y, label in clicks:
        if dotted[y, x] != label:
            cv2.circle(dotted, (x, y), _DOT, (label,), cv2.FILLED)
    for x, y, label in clicks:
        dotted[y, x] = label
    return dotted.astype(bool)


def _inside(mask: BoolMask, points: Sequence[LabelledPixel]) -> list[LabelledPixel]:
    bounds = image_box(mask)
    return [point for point in points if bounds.holds(point[0], point[1])]


@dataclass(frozen=True, slots=True, eq=False)
class _Working:
    """A mask with its image, scaled down; `unit` is the root of its first area, in pixels."""

    image: Image
    mask: BoolMask
    points: Sequence[LabelledPixel]
    clicks: Sequence[LabelledPixel]
    unit: float

    @classmethod
    def of(
        cls,
        image: Image,
        mask: BoolMask,
        points: Sequence[LabelledPixel],
        clicks: Sequence[LabelledPixel],
    ) -> _Working:
        side = max(1.0, float(np.sqrt(np.count_nonzero(mask))))
        small = shrunk(image, max(mask.shape) * min(1.0, _SIDE / side))
        height, width = small.shape[:2]
        share = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
        across, down = width / mask.shape[1], height / mask.shape[0]

        def scaled(given: Sequence[LabelledPixel]) -> list[LabelledPixel]:
            return [(int(x * across), int(y * down), label) for x, y, label in given]

        smooth = np.asarray(cv2.medianBlur(np.ascontiguousarray(small), 3), np.uint8)
        scale = float(np.sqrt(across * down))
        return cls(
            smooth,
            np.asarray(share > 0.5),
            scaled(_inside(mask, points)),
            scaled(clicks),
            max(4.0, side * scale),
        )

    def corrected(self, click: LabelledPixel) -> _Working:
        """Corrects the mask at one click, unless it is right there."""
        x, y, label = click
        if self.mask[y, x] == bool(label):
            return self
        part = self._part(click)
        return replace(self, mask=self._with(part) if label else self._without(part))

    def _part(self, click: LabelledPixel) -> BoolMask:
        """What is wrong around the click, bool (h, w)."""
        x, y, label = click
        changeable = ~self.mask if label else self.mask
        contrary = [p for p in (*self.clicks, *self.points) if p[2] != label]
        distance = _distances(self.mask.shape, [click])
        extent = max(float(depths(changeable)[y, x]), _LEAST_DISTANCE * self.unit)
        flooded = self._flooded(click) & (distance < _FARTHEST * extent)
        nearer = distance < np.minimum(
            _NEAREST * extent, _distances(self.mask.shape, contrary, _DOT)
        )
        part = flooded if self._is_clear(flooded & changeable, changeable) else flooded | nearer
        part = part & changeable
        part[y, x] = True
        _, labels, _ = parts(part)
        return np.asarray(labels == labels[y, x])

    def _is_clear(self, part: BoolMask, changeable: BoolMask) -> bool:
        """Whether a part has one colour, and what is around it another: then it is all there is."""
        edge = morphed(part, cv2.MORPH_DILATE, 1)
        ring = morphed(part, cv2.MORPH_DILATE, 3) & ~edge & changeable
        if not part.any() or not ring.any():
            return False
        inside, outside = self.image[part], self.image[ring]
        contrast = float(np.linalg.norm(inside.mean(axis=0) - outside.mean(axis=0)))
        return contrast > _CLEAR_CONTRAST and float(inside.std(axis=0).mean()) < _CLEAR_SPREAD

    def _flooded(self, click: LabelledPixel) -> BoolMask:
        """The click's basin in the watershed of the colours."""
        x, y, label = click
        depth = depths(~self.mask if label else self.mask)
        sure = _SURE * self.unit
        if not label:
            sure = min(sure, 0.6 * float(depth.max()))  # something of a thin mask stays
        markers = np.where(depth > sure, 2, 0).astype(np.int32)
        if label:
            markers[[0, -1]] = markers[:, [0, -1]] = 2
        _mark(markers, self.points, 1 - label)
        released = max(_RELEASED * self.unit, _RELEASED_EXTENT * float(depth[y, x]))
        cv2.circle(markers, (x, y), int(released), (0,), cv2.FILLED)
        _mark(markers, self.clicks, 1 - label)
        cv2.circle(markers, (x, y), _DOT, (1,), cv2.FILLED)
        basins = cv2.watershed(self.image, markers)
        return morphed(np.asarray(basins == 1), cv2.MORPH_DILATE, 1)  # with the ridge

    def _with(self, part: BoolMask) -> BoolMask:
        ink = max(1, round(_INK * self.unit))
        together = self.mask | part
        bridged = morphed(together, cv2.MORPH_CLOSE, ink)
        near = morphed(part, cv2.MORPH_DILATE, ink + 1)
        whole = fill_holes(together | (bridged & near))
        return self._respecting(together, whole & ~together)

    def _respecting(self, mask: BoolMask, more: BoolMask) -> BoolMask:
        """The mask with those connected parts of `more` on which no one has clicked otherwise."""
        _, labels, _ = parts(more)
        refused = {int(labels[y, x]) for x, y, label in self.clicks if not label}
        return mask | (more & ~np.isin(labels, list(refused)))

    def _without(self, part: BoolMask) -> BoolMask:
        rest = self.mask & ~part
        strand = max(1, round(_STRAND * self.unit))
        near = morphed(part, cv2.MORPH_DILATE, 3 * strand)
        thick = np.where(near, morphed(rest, cv2.MORPH_OPEN, strand), rest)
        count, labels, areas = parts(thick)
        kept = areas >= _LEFT_OVER * areas[1:].max(initial=0)
        kept[0] = False
        kept[[labels[y, x] for x, y, label in self.clicks if label]] |= count > 1
        kept[0] = False
        return np.asarray(kept[labels])


def _mark(markers: npt.NDArray[np.int32], points: Sequence[LabelledPixel], label: int) -> None:
    """Marks the points of this label as no part of the correction."""
    for x, y, own in points:
        if own == label:
            cv2.circle(markers, (x, y), _DOT, (2,), cv2.FILLED)


def _distances(
    shape: tuple[int, ...], points: Sequence[LabelledPixel], radius: float = 0.0
) -> Floats:
    """The distance of each pixel from the nearest point less `radius`, float32 (h, w)."""
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
    nearest = np.full(shape, np.inf, np.float32)
    for x, y, _ in points:
        squares = (columns - x) ** 2 + (rows - y) ** 2
        nearest = np.minimum(nearest, np.sqrt(squares, dtype=np.float32) - radius)
    return nearest


def _at_full_size(mask: BoolMask, before: BoolMask, after: BoolMask) -> BoolMask:
    """The mask with what has changed between the small masks; the rest of its edge stays."""
    size = mask.shape[1], mask.shape[0]
    enlarged, changed = (
        cv2.resize(small.astype(np.float32), size, interpolation=cv2.INTER_LINEAR) > 0.5
        for small in (after, morphed(before ^ after, cv2.MORPH_DILATE, 2))
    )
    return np.where(changed, enlarged, mask)
