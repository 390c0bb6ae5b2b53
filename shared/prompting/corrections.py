"""Corrections by a person: prompts for what was missed, and instead of what was found wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.detection.detections import Detection
from shared.imaging.geometry import enclosing, polygon_of
from shared.prompting.builder import build_prompt, crop_window
from shared.schemas.box import Box
from shared.schemas.given_prompts import ShownInstance
from shared.schemas.prompt import Label, LabelledPixel, Prompt, PromptOptions
from shared.schemas.prompt_fit import misfit

_AROUND = 0.08
"""Margin of the box around a positive click, as a share of the box's longer side. Chosen by hand:
the mask must have room to go around the click."""

_OVERRULED = 0.1
"""A click removes points of the other label within this distance, a share of the box's longer
side: they are the program's, and a person knows better. Chosen by hand."""


class UnfitPromptsError(ValueError):
    """Prompts that do not fit the image or each other. The message says which, and why."""


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """What a person has shown, and where the detector sees it."""

    shown: ShownInstance
    detection: Detection


def corrected_prompts(
    found: Sequence[Prompt],
    given: Sequence[Prompt | Located],
    image: Box,
    options: PromptOptions,
) -> tuple[Prompt, ...]:
    """The prompts that were found, but for those that are replaced, and those that are given.

    Instances keep their ids; new ones get the next numbers. If there are more than
    `options.max_instances`, those that were found with the lowest scores are left out.

    Raises:
        UnfitPromptsError: there are too many, two have the same id, or one is not in the image.
    """
    if len(given) > options.max_instances:
        raise UnfitPromptsError(
            f"there are {len(given)}, more than the {options.max_instances} of MAX_INSTANCES"
        )
    ids = [name for item in given if (name := _given_id(item))]
    if len(set(ids)) < len(ids):
        raise UnfitPromptsError("two prompts have the same id")
    room = options.max_instances - len(given)
    best = sorted((p for p in found if p.id not in ids), key=lambda p: -p.score)[:room]
    prompts = {p.id: p for p in best} | {
        p.id: with_clicks(_fitting(p, image), p.clicks, image)
        for p in given
        if isinstance(p, Prompt)
    }
    located = [item for item in given if isinstance(item, Located)]
    polygons = [polygon_of(p.polygon) for p in prompts.values()]
    polygons += [item.detection.polygon for item in located]
    for item in located:
        name = item.shown.id or _next_id(item.shown.label, {*prompts, *ids})
        built = build_prompt(name, item.detection, polygons, image, options)
        prompts[name] = with_clicks(_fitting(built, image), item.shown.points, image)
    return tuple(sorted(prompts.values(), key=lambda p: (p.label, _number(p.id))))


def resolved(shown: ShownInstance, found: Sequence[Prompt], image: Box) -> Prompt | ShownInstance:
    """The found prompt with clicks on it, or else the place, as far as it lies in the image.

    Raises:
        UnfitPromptsError: it does not lie in the image, or has an unknown id and no place.
    """
    if shown.box is None:
        for prompt in found:
            if prompt.id == shown.id:
                return with_clicks(prompt, (*prompt.clicks, *shown.points), image)
    box = shown.box and shown.box.intersection(image)
    points = tuple(point for point in shown.points if image.holds(point[0], point[1]))
    place = shown.model_copy(update={"box": box, "points": points})
    if (box and box.area) or (box is None and place.positive):
        return place
    name = shown.id or f"a {shown.label}"
    if shown.box is None and not shown.positive:
        raise UnfitPromptsError(f"{name} was not found, so points beside it do not say where it is")
    raise UnfitPromptsError(
        f"{name} does not lie in the image, which has {image.width} x {image.height} pixels"
    )


def with_clicks(prompt: Prompt, clicks: Sequence[LabelledPixel], image: Box) -> Prompt:
    """The prompt with these clicks, in an image of these bounds.

    Its box and its crop grow to hold the positive ones. Points that say otherwise right beside a
    click are removed.
    """
    clicks = tuple(click for click in clicks if image.holds(click[0], click[1]))
    side = max(prompt.box.width, prompt.box.height)
    margin = _AROUND * side
    around = [Box(x, y, x + 1, y + 1).widened(margin, margin) for x, y, label in clicks if label]
    box = enclosing([prompt.box, *around]).intersection(image)
    crop = prompt.crop
    if box.intersection(crop) != box:
        crop = enclosing([crop, crop_window(box, image)])
    points = tuple(p for p in prompt.points if not _is_overruled(p, clicks, _OVERRULED * side))
    return prompt.model_copy(update={"clicks": clicks, "box": box, "crop": crop, "points": points})


def _is_overruled(point: LabelledPixel, clicks: Sequence[LabelledPixel], distance: float) -> bool:
    x, y, label = point
    return any(
        label != other and (x - across) ** 2 + (y - down) ** 2 <= distance**2
        for across, down, other in clicks
    )


def _given_id(item: Prompt | Located) -> str | None:
    return item.id if isinstance(item, Prompt) else item.shown.id


def _next_id(label: Label, used: set[str]) -> str:
    last = max((_number(name) for name in used if name.startswith(f"{label}-")), default=0)
    return f"{label}-{last + 1}"


def _number(name: str) -> int:
    return int(name.rpartition("-")[2])


def _fitting(prompt: Prompt, image: Box) -> Prompt:
    if reason := misfit([prompt], image):
        raise UnfitPromptsError(reason)
    return prompt
