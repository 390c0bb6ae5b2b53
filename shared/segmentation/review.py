"""Lists the reasons why a person should review a result."""

from collections.abc import Iterator, Sequence

from shared.schemas.documents import Missed, Review, ReviewCode
from shared.segmentation.mask_selection import outline_mask
from shared.segmentation.service import SegmentedInstance

# Thresholds chosen on drawings by people. `python -m tools.evaluation.review` reports what they
# flag; its figures are in docs/quality.md. Stricter ones flag more results that are correct.
_LOW_SCORE = 0.6
_LOW_QUALITY = 0.9
_SIZES = (0.6, 1.8)
"""Lowest and highest plausible area of a mask, as shares of the outline's area."""

_LEAST_AREA = 400
"""Area of the smallest useful mask, in pixels: 20 x 20. Chosen by hand."""


def reviewed(segmented: Sequence[SegmentedInstance], missed: Missed) -> tuple[Review, ...]:
    """Returns the reasons to review a result: first of single instances, then of the image."""
    reasons = [reason for item in segmented for reason in _of_instance(item)]
    return (*reasons, *_of_image(missed))


def _of_instance(item: SegmentedInstance) -> Iterator[Review]:
    name, score, area = item.prompt.id, item.prompt.score, item.segmented_mask.area
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
    outline = int(outline_mask(item.prompt).sum())
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
