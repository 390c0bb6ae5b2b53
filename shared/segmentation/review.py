"""Whether a person should look at a result, and why: what went well looks alike from outside."""

from collections.abc import Iterator, Sequence

from shared.imaging.geometry import polygon_mask, polygon_of
from shared.schemas.documents import Missed, Review, ReviewCode
from shared.segmentation.service import SegmentedInstance

# Chosen on drawings by people, where `python -m tools.evaluation.review` tells what they flag; its
# figures are in docs/quality.md.
_LOW_SCORE = 0.6
_LOW_QUALITY = 0.78
_SIZES = (0.6, 1.8)
"""Of a mask, as shares of the outline's area."""

_LEAST_AREA = 400
"""Pixels of the smallest mask that shows anything: 20 x 20."""


def reviewed(segmented: Sequence[SegmentedInstance], missed: Missed) -> tuple[Review, ...]:
    """The reasons to look at a result, those of single instances first; none if there is none."""
    reasons = [reason for item in segmented for reason in _of_instance(item)]
    return (*reasons, *_of_image(missed))


def _of_instance(item: SegmentedInstance) -> Iterator[Review]:
    name, score, area = item.prompt.id, item.prompt.score, item.mask.area
    if score < _LOW_SCORE:
        yield Review(
            code=ReviewCode.LOW_SCORE,
            message=f"{name} may be none: its score is {score:.2f}.",
            instance=name,
        )
    if item.quality < _LOW_QUALITY:
        yield Review(
            code=ReviewCode.LOW_QUALITY,
            message=f"The mask of {name} may be wrong: its quality is {item.quality:.2f}.",
            instance=name,
        )
    outline = int(polygon_mask(polygon_of(item.prompt.polygon), item.prompt.crop).sum())
    low, high = (share * outline for share in _SIZES)
    if area < _LEAST_AREA or not low <= area <= high:
        yield Review(
            code=ReviewCode.ODD_SIZE,
            message=f"The mask of {name} has {area:,} pixels, its outline {outline:,}.",
            instance=name,
        )


def _of_image(missed: Missed) -> Iterator[Review]:
    if missed.near:
        more = "1 more place scores" if missed.near == 1 else f"{missed.near} more places score"
        yield Review(
            code=ReviewCode.NEAR_MISSES,
            message=f"{more} less than MIN_SCORE, and may be a face or a hand as well.",
        )
    if missed.omitted:
        yield Review(
            code=ReviewCode.OMITTED,
            message=f"{missed.omitted} more were found than MAX_INSTANCES allows.",
        )
