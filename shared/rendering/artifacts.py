"""The image files of a result."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from shared.imaging import encoding, png
from shared.imaging.geometry import Image, disjoint, image_box
from shared.imaging.sparse_image import SparseImage
from shared.rendering import cutouts, overlays
from shared.runtime import tracing
from shared.runtime.memory_budget import MEMORY_SECONDS, MemoryBudget
from shared.schemas import object_names
from shared.schemas.box import Box
from shared.schemas.documents import InstanceFiles, Outputs
from shared.schemas.drawing import Drawing
from shared.schemas.image_file import ImageFile
from shared.segmentation import masks
from shared.segmentation.masks import Mask
from shared.segmentation.service import SegmentationResult, SegmentedInstance

_MAX_PIXELS = 12_000_000
"""Pixels that a process draws and encodes at a time, at about 12 bytes each. Chosen by hand: a
larger budget encodes more in parallel, but needs more memory."""

_ENCODED_SHARE = 0.25
"""Memory of a pixel in the encoded file, as a share of its memory while it is drawn. An estimate
chosen by hand: too low a value exceeds the memory budget."""

_ENCODERS: dict[str, Callable[[Image], bytes]] = {
    "image/jpeg": encoding.encode_jpeg,
    "image/webp": encoding.encode_webp,
}


@dataclass(frozen=True, slots=True)
class Artifact:
    """An image, drawn and encoded on demand, and the files that have it as their content.

    `names` are relative to the upload's folder. `pixels` is the number of pixels that are drawn;
    the background around them needs almost no memory.
    """

    names: tuple[str, ...]
    pixels: int
    encode: Callable[[], bytes]


class Renderer:
    """Encodes artifacts within a memory budget. One per process; safe to share between threads."""

    def __init__(self) -> None:
        self._memory = MemoryBudget(_MAX_PIXELS)

    def encode(self, artifact: Artifact) -> bytes:
        """Returns the content of an artifact's files. Waits for the memory budget.

        Raises:
            Transient: the memory did not become free in time.
        """
        with (
            tracing.span("draw file", attributes=tracing.own({"file": artifact.names[0]})),
            self._memory.acquired(artifact.pixels, MEMORY_SECONDS),
        ):
            return artifact.encode()

    def files(self, artifacts: Iterable[Artifact]) -> Iterator[ImageFile]:
        """Yields all files, in order. Each artifact is encoded once, when its first file is next.

        Raises:
            Transient: the memory did not become free in time.
        """
        for artifact in artifacts:
            data = self.encode(artifact)
            for name in artifact.names:
                yield ImageFile(name, data)


def result_artifacts(
    image: Image, segmentation: SegmentationResult, outputs: Outputs, drawing: Drawing
) -> list[Artifact]:
    """Returns all images of one upload's result, mask.png first. `image` is RGB uint8 (h, w, 3).

    If there is one instance, its files have the same content as those of the upload.
    """
    segmented, bounds = segmentation.segmented, segmentation.bounds
    all_masks = [item.mask for item in segmented]
    draw = partial(_mask_and_cutout, image, drawing)
    if len(segmented) == 1:
        combined = draw([outputs, segmented[0].files], all_masks, bounds)
        separate = []
    else:
        combined = draw([outputs], all_masks, bounds)
        separate = [
            artifact for item in segmented for artifact in draw([item.files], [item.mask], item.box)
        ]
    return [*combined, *_overlays(outputs, image, segmented), *separate]


def _overlays(
    outputs: Outputs, image: Image, segmented: Sequence[SegmentedInstance]
) -> Iterator[Artifact]:
    bounds, drawn = image_box(image), _drawn_for([item.mask for item in segmented])
    instances = [
        overlays.OverlayInstance(item.prompt.id, item.prompt.label, item.mask, item.box)
        for item in segmented
    ]
    pixels = drawn + round(bounds.area * _ENCODED_SHARE)
    yield _png([outputs.overlay], pixels, partial(overlays.overlay, image, instances))
    if outputs.preview:
        encode = _ENCODERS[object_names.content_type(outputs.preview)]
        yield Artifact((outputs.preview,), drawn, partial(_preview, encode, image, instances))


def _preview(
    encode: Callable[[Image], bytes], image: Image, instances: Sequence[overlays.OverlayInstance]
) -> bytes:
    return encode(overlays.preview(image, instances))


def _mask_and_cutout(
    image: Image,
    drawing: Drawing,
    files: Sequence[Outputs | InstanceFiles],
    selected: Sequence[Mask],
    bounds: Box,
) -> list[Artifact]:
    """Returns the mask and the cutout of the selected masks, which have these bounds."""
    whole, feathering = image_box(image), drawing.mask_feather
    box = drawing.cutout_box(bounds, whole)
    cut = _area(cutouts.regions(selected, feathering, whole))
    draw_mask = partial(masks.union, selected, whole)
    draw_cutout = partial(cutouts.cutout, image, selected, feathering, box)
    return [
        _png([file.mask for file in files], _drawn_for(selected), draw_mask),
        _png([file.cutout for file in files], cut, draw_cutout),
    ]


def _png(names: Iterable[str], pixels: int, draw: Callable[[], SparseImage]) -> Artifact:
    return Artifact(tuple(names), pixels, lambda: png.encode(draw()))


def _drawn_for(selected: Sequence[Mask]) -> int:
    return _area(disjoint(masks.bounds(selected)))


def _area(regions: Iterable[Box]) -> int:
    return sum(region.area for region in regions)
