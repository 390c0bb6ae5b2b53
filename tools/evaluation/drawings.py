"""Scores for drawings with truth made by eye: recall, masks, prompts, extra boxes, false alarms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from shared.imaging.geometry import BoolMask, polygon_mask
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt
from tools.evaluation.history import Figures
from tools.evaluation.scoring import FOUND
from tools.evaluation.truth import Drawing, Outline, Place

_STRAY = 0.1
"""A found box is extra if its IoU with each place is lower, and its centre is in none of them. A
rule of docs/quality.md."""

_BAND = 0.02
"""Pixels this near to a polygon, as a share of the longer side of the place, are not scored. A
rule of docs/quality.md: about the precision of outlines drawn by eye."""


GOOD = 0.9
"""IoU from which a mask counts as good. A rule of docs/quality.md."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The box of a found face or hand, and its mask, bool (h, w).

    The plain recipe has no prompt.
    """

    box: Box
    mask: BoolMask
    prompt: Prompt | None = None


@dataclass(frozen=True, slots=True)
class PromptScore:
    """How a prompt fits the polygon of its place.

    Counts of points, and of those on the wrong side; the share of the place's box in the prompt's,
    and the area of the prompt's box relative to the place's.
    """

    positive: int
    outside: int
    negative: int
    inside: int
    cover: float
    area: float


@dataclass(frozen=True, slots=True)
class PlaceScore:
    """Whether a true place was found. `iou` is 0 if it was not, None if it has no polygon.

    `prompt` is there if our pipeline found it and it has a polygon.
    """

    traits: tuple[str, ...]
    is_found: bool
    iou: float | None
    prompt: PromptScore | None = None


@dataclass(frozen=True, slots=True)
class DrawingScore:
    """The scores of one image. `is_blank`: nothing may be found in it."""

    set: str
    places: tuple[PlaceScore, ...]
    extra: int
    is_blank: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """The scores of both predictions for the same places."""

    ours: list[PlaceScore]
    plain: list[PlaceScore]


def score_drawing(truth: Drawing, found: list[Found]) -> DrawingScore:
    """Scores what was found in an image."""
    return DrawingScore(
        truth.set,
        tuple(_score_place(place, found) for place in truth.places),
        len(extra(truth, found)),
        is_blank=not truth.places and not truth.unsure,
    )


def is_found(place: Place, found: list[Found]) -> bool:
    """Whether one of the found boxes agrees with the place."""
    return any(item.box.iou(place.box) >= FOUND for item in found)


def extra(truth: Drawing, found: list[Found]) -> list[Found]:
    """What was found where nothing is known to be."""
    known = [place.box for place in (*truth.places, *truth.unsure)]
    return [item for item in found if _is_stray(item.box, known)]


def figures(scores: Sequence[DrawingScore]) -> Figures:
    """The figures over all images."""
    places = [place for image in scores for place in image.places]
    ious = [place.iou for place in places if place.iou is not None]
    blank = [image.extra > 0 for image in scores if image.is_blank]
    return Figures(
        recall=_share(place.is_found for place in places),
        iou=_share(ious),
        extra_boxes_per_image=_share(image.extra for image in scores),
        false_alarms=_share(blank),
    )


def report(ours: Sequence[DrawingScore], plain: Sequence[DrawingScore], label: str) -> str:
    """Returns the tables as Markdown: by set, style, kind of view and tag."""
    groups: defaultdict[str, _Group] = defaultdict(lambda: _Group([], []))
    for image, plain_image in zip(ours, plain, strict=True):
        for place, plain_place in zip(image.places, plain_image.places, strict=True):
            for name in ("all", f"from {image.set}", *place.traits):
                groups[name].ours.append(place)
                groups[name].plain.append(plain_place)
    order = sorted(groups, key=lambda name: (name != "all", not name.startswith("from "), name))
    head = (
        f"| | {label}s | recall | plain: recall | polygons | IoU | of the found | good | "
        "plain: IoU | good |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    )
    rows = "".join(_row(name, groups[name]) for name in order)
    return "\n".join([head + rows, *_prompts(ours), _false(ours, plain)])


def _prompts(scores: Sequence[DrawingScore]) -> Iterator[str]:
    """Yields the table of the prompts, if any has a polygon to compare with."""
    found = [place.prompt for image in scores for place in image.places if place.prompt]
    if not found:
        return
    positive, negative = (sum(getattr(p, name) for p in found) for name in ("positive", "negative"))
    outside, inside = (sum(getattr(p, name) for p in found) for name in ("outside", "inside"))
    rows = [
        (f"positive points inside the outline, of {positive}", f"{1 - outside / positive:.2%}"),
        (f"negative points inside an outline, of {negative}", f"{inside / max(1, negative):.2%}"),
        ("share of the true box inside the prompt's box", _mean(p.cover for p in found)),
        ("area of the prompt's box relative to the true box", _mean(p.area for p in found)),
    ]
    head = f"| prompts of {len(found)} found places with an outline | |\n| --- | ---: |\n"
    yield head + "".join(f"| {name} | {value} |\n" for name, value in rows)


def _row(name: str, group: _Group) -> str:
    ours, plain = ([s.iou for s in side if s.iou is not None] for side in (group.ours, group.plain))
    found = [s.iou for s in group.ours if s.iou is not None and s.is_found]
    cells = [
        name,
        str(len(group.ours)),
        _mean(score.is_found for score in group.ours),
        _mean(score.is_found for score in group.plain),
        str(len(ours)),
        _mean(ours),
        _mean(found),
        _mean(iou >= GOOD for iou in ours),
        _mean(plain),
        _mean(iou >= GOOD for iou in plain),
    ]
    return f"| {' | '.join(cells)} |\n"


def _false(ours: Sequence[DrawingScore], plain: Sequence[DrawingScore]) -> str:
    sets: defaultdict[str, list[tuple[DrawingScore, DrawingScore]]] = defaultdict(list)
    for pair in zip(ours, plain, strict=True):
        sets["all"].append(pair)
        sets[f"from {pair[0].set}"].append(pair)
    text = (
        "| | images | extra boxes per image | plain | blank images | false alarms | plain |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    )
    for name, pairs in sorted(sets.items()):
        blank = [(a, b) for a, b in pairs if a.is_blank]
        cells = [
            name,
            str(len(pairs)),
            _mean(a.extra for a, _ in pairs),
            _mean(b.extra for _, b in pairs),
            str(len(blank)),
            _mean(a.extra > 0 for a, _ in blank),
            _mean(b.extra > 0 for _, b in blank),
        ]
        text += f"| {' | '.join(cells)} |\n"
    return text


def _mean(values: Iterable[float]) -> str:
    mean = _share(values)
    return "" if np.isnan(mean) else f"{mean:.2f}"


def _share(values: Iterable[float]) -> float:
    """The mean, NaN of nothing."""
    numbers = list(values)
    return float(np.mean(numbers)) if numbers else float("nan")


def _score_place(place: Place, found: list[Found]) -> PlaceScore:
    if not is_found(place, found):
        return PlaceScore(tuple(place.traits), False, 0.0 if place.polygon else None)
    best = max(found, key=lambda item: item.box.iou(place.box))
    regions = Regions.of(place, best.mask.shape)
    if regions is None:
        return PlaceScore(tuple(place.traits), True, None)
    prompt = _score_prompt(best.prompt, place, regions) if best.prompt else None
    return PlaceScore(tuple(place.traits), True, regions.iou(best.mask), prompt)


def _score_prompt(prompt: Prompt, place: Place, regions: Regions) -> PromptScore:
    """A point counts as wrong only where the mask is scored."""
    outside, inside = regions.scored & ~regions.true, regions.scored & regions.true
    return PromptScore(
        positive=len(prompt.positive),
        outside=sum(bool(outside[y, x]) for x, y in prompt.positive),
        negative=len(prompt.negative),
        inside=sum(bool(inside[y, x]) for x, y in prompt.negative),
        cover=place.box.intersection(prompt.box).area / place.box.area,
        area=prompt.box.area / place.box.area,
    )


def _is_stray(box: Box, known: list[Box]) -> bool:
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return not any(
        box.iou(place) >= _STRAY or (place.x0 <= x <= place.x1 and place.y0 <= y <= place.y1)
        for place in known
    )


@dataclass(frozen=True, slots=True, eq=False)
class Regions:
    """The inside of a polygon, and the pixels that are scored, bool (h, w)."""

    true: BoolMask
    scored: BoolMask

    @classmethod
    def of(cls, place: Place, shape: tuple[int, ...]) -> Regions | None:
        """Those of a place in an image of this shape; None if its polygon is not known."""
        if place.polygon is None:
            return None
        edge = np.zeros(shape, np.uint8)
        width = 2 * round(_BAND * max(place.box.width, place.box.height))
        cv2.polylines(edge, [np.rint(place.polygon).astype(np.int32)], True, (1,), max(1, width))
        scored = edge == 0
        if place.ignore:
            scored &= ~_filled(place.ignore, shape)
        return cls(_filled(place.polygon, shape), scored)

    def iou(self, mask: BoolMask) -> float:
        """The IoU of a mask with the true one, over the scored pixels."""
        union = (self.true | mask) & self.scored
        return float((self.true & mask & self.scored).sum() / max(1, union.sum()))


def _filled(outline: Outline, shape: tuple[int, ...]) -> BoolMask:
    return polygon_mask(np.array(outline, np.float32), Box(0, 0, shape[1], shape[0]))
