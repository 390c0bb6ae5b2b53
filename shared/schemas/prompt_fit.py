"""Whether prompts fit their image. They come from other programs, and from people."""

from collections.abc import Sequence

from shared.schemas.box import Box
from shared.schemas.prompt import Prompt

MOST_COORDINATE = 100_000
"""Limit for the absolute value of a coordinate, in pixels: that of an image's side. An outline may
leave the image, but numbers far outside would overflow where masks are computed."""


def misfit(prompts: Sequence[Prompt], image: Box) -> str | None:
    """Returns why the prompts do not fit an image with these bounds; None if they do.

    Their ids differ. Each box lies in its crop, and each crop in the image; neither is empty.
    """
    ids = [prompt.id for prompt in prompts]
    if len(set(ids)) < len(ids):
        return "two prompts have the same id"
    return next(filter(None, (_misfit_of(prompt, image) for prompt in prompts)), None)


def _misfit_of(prompt: Prompt, image: Box) -> str | None:
    for box, place, bounds in (
        (prompt.crop, "image", image),
        (prompt.box, "image", image),
        (prompt.box, "crop", prompt.crop),
    ):
        if not box.area or box.intersection(bounds) != box:
            return f"{prompt.id}: the box {list(box)} does not lie in the {place} {list(bounds)}"
    points = (*prompt.polygon, *prompt.points, *prompt.clicks)
    coordinates = [value for point in points for value in point[:2]]
    if any(abs(value) > MOST_COORDINATE for value in coordinates):
        return f"{prompt.id}: a coordinate is not between -{MOST_COORDINATE} and {MOST_COORDINATE}"
    return None
