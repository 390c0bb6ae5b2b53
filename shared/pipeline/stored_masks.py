"""The masks of a stored result, so that they can be drawn in another way without the segmenter."""

from collections.abc import Sequence

from shared.imaging import rle
from shared.schemas.box import Box
from shared.schemas.documents import Instance, ResultDocument, SegmenterVersion, Status
from shared.schemas.prompt import Prompt
from shared.segmentation.masks import Mask
from shared.segmentation.service import SegmentationResult, SegmentedInstance


def stored_segmentation(
    result: ResultDocument, prompts: Sequence[Prompt], image: Box
) -> SegmentationResult | None:
    """Returns the segmenter's masks as a result has them; None if it lacks usable ones.

    They are usable if no fallback made any of them, and if they are those of the prompts, in an
    image with the bounds `image`.
    """
    instances = {instance.id: instance for instance in result.instances}
    if result.status is not Status.SEGMENTED or instances.keys() != {item.id for item in prompts}:
        return None
    versions = {version.name: version for version in result.segmenters}
    try:
        segmented = tuple(
            _segmented(prompt, instances[prompt.id], versions, image) for prompt in prompts
        )
    except ValueError:  # another program has changed the file
        return None
    return SegmentationResult(Status.SEGMENTED, None, segmented)


def _segmented(
    prompt: Prompt, instance: Instance, versions: dict[str, SegmenterVersion], image: Box
) -> SegmentedInstance:
    encoded = instance.segmented_rle or instance.rle
    if encoded.size != (image.height, image.width):
        raise ValueError("the mask of another image")
    pixels, window = rle.decode_part(encoded.counts, encoded.size)
    return SegmentedInstance(
        prompt, Mask(window, pixels), instance.quality, versions[instance.segmenter]
    )
