"""Scores for drawings with truth made by eye: recall, mask IoU, extra boxes, false alarms."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from shared.imaging.geometry import BoolMask, image_box, polygon_mask
from shared.schemas.box import Box
from tools.evaluation.history import Figures
from tools.evaluation.scoring import FOUND
from tools.evaluation.truth import Drawing, Outline, Place

_STRAY = 0.1
"""A found box is extra if its IoU with each place is lower, and its centre is in none of them. A
rule of docs/quality.md."""

_BAND = 0.02
"""Pixels this near to a polygon, as a share of the longer side of the place, are not scored. A
rule of docs/quality.md: about the precision of outlines drawn by eye."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The box of a found face or hand, and its mask, bool (h, w)."""

    box: Box
    mask: BoolMask


@dataclass(frozen=True, slots=True)
class PlaceScore:
    """Whether a true place was found. `iou` is 0 if it was not, None if it has no polygon."""

    traits: tuple[str, ...]
    is_found: bool
    iou: float | None


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
        f"| | {label}s | recall | plain: recall | polygons | IoU | plain: IoU |\n"
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n"
    )
    return head + "".join(_row(name, groups[name]) for name in order) + "\n" + _false(ours, plain)


def _row(name: str, group: _Group) -> str:
    ours, plain = ([s.iou for s in side if s.iou is not None] for side in (group.ours, group.plain))
    cells = [
        name,
        str(len(group.ours)),
        _mean(score.is_found for score in group.ours),
        _mean(score.is_found for score in group.plain),
        str(len(ours)),
        _mean(ours),
        _mean(plain),
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
    return PlaceScore(tuple(place.traits), True, _mask_iou(place, best.mask))


def _is_stray(box: Box, known: list[Box]) -> bool:
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return not any(
        box.iou(place) >= _STRAY or (place.x0 <= x <= place.x1 and place.y0 <= y <= place.y1)
        for place in known
    )


def _mask_iou(place: Place, mask: BoolMask) -> float | None:
    if place.polygon is None:
        return None
    true, edge = _filled(place.polygon, mask), np.zeros(mask.shape, np.uint8)
    width = 2 * round(_BAND * max(place.box.width, place.box.height))
    cv2.polylines(edge, [np.rint(place.polygon).astype(np.int32)], True, (1,), max(1, width))
    scored = edge == 0
    if place.ignore:
        scored &= ~_filled(place.ignore, mask)
    union = (true | mask) & scored
    return float((true & mask & scored).sum() / max(1, union.sum()))


def _filled(outline: Outline, mask: BoolMask) -> BoolMask:
    return polygon_mask(np.array(outline, np.float32), image_box(mask))
