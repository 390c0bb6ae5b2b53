"""Which detections get a prompt: those that are large enough, and not more than are allowed."""

from collections.abc import Iterator, Sequence

from shared.detection.detections import Detection, Detections
from shared.imaging.geometry import bounding_box
from shared.schemas.box import Box
from shared.schemas.documents import Missed
from shared.schemas.prompt import PromptOptions


def selected(
    detections: Sequence[Detection], image: Box, options: PromptOptions
) -> list[Detection]:
    """Returns at most `max_instances` detections, first those that `instance_order` prefers.

    Detections that are smaller than `min_size`, or whose polygon lies outside the image, are left
    out. The size is the shorter side of the polygon's bounds.
    """
    candidates = list(_candidates(detections, image, options))
    if options.instance_order == "size":
        candidates.sort(key=lambda d: (-_size(bounding_box(d.polygon)), -d.score))
    else:
        candidates.sort(key=lambda d: -d.score)
    return candidates[: options.max_instances]


def missed(detections: Detections, image: Box, options: PromptOptions) -> Missed:
    """Counts near misses, and the detections beyond `max_instances`; none is below `min_size`."""
    least = _least_size(image, options)
    near = sum(_size(box) >= least for box in detections.near_misses)
    count = sum(1 for _ in _candidates(detections.detections, image, options))
    return Missed(near=near, omitted=max(0, count - options.max_instances))


def _candidates(
    detections: Sequence[Detection], image: Box, options: PromptOptions
) -> Iterator[Detection]:
    least = _least_size(image, options)
    for detection in detections:
        bounds = bounding_box(detection.polygon)
        if bounds.intersection(image).area and _size(bounds) >= least:
            yield detection


def _least_size(image: Box, options: PromptOptions) -> float:
    return options.min_size.pixels(_size(image))


def _size(box: Box) -> int:
    return min(box.width, box.height)
