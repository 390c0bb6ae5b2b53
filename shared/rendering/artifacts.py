"""The image files of a result."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from threading import Lock

from shared.imaging import encoding, png
from shared.imaging.geometry import Image, disjoint, image_box
from shared.imaging.sparse_image import SparseImage
from shared.rendering import overlays
from shared.runtime.memory_budget import MEMORY_SECONDS, MemoryBudget
from shared.schemas import object_names
from shared.schemas.documents import InstanceFiles, Outputs
from shared.segmentation import masks
from shared.segmentation.masks import Mask
from shared.segmentation.service import SegmentedInstance

_BUDGET = MemoryBudget(12_000_000)
"""Pixels that this process draws and encodes at a time, at about 12 bytes each. Chosen by hand: a
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
    """An image file, drawn and encoded on demand.

    `name` is relative to the upload's folder. `pixels` is the number of pixels that are drawn; the
    background around them needs almost no memory.
    """

    name: str
    pixels: int
    make: Callable[[], bytes]

    def encode(self) -> bytes:
        """Returns the content of the file. Waits for the memory budget.

        Raises:
            Transient: the memory did not become free in time.
        """
        with _BUDGET.acquired(self.pixels, MEMORY_SECONDS):
            return self.make()


def result_artifacts(
    image: Image, segmented: Sequence[SegmentedInstance], outputs: Outputs
) -> list[Artifact]:
    """Returns all image files of one upload, mask.png first. `image` is RGB uint8 (h, w, 3)."""
    combined = _mask_and_cutout(outputs, image, [item.mask for item in segmented])
    annotated = list(_overlays(outputs, image, segmented))
    if len(segmented) == 1:
        combined = [replace(picture, make=_computed_once(picture.make)) for picture in combined]
        (item,) = segmented
        names = item.files.mask, item.files.cutout
        separate = [replace(p, name=name) for p, name in zip(combined, names, strict=True)]
    else:
        separate = [
            picture
            for item in segmented
            for picture in _mask_and_cutout(item.files, image, [item.mask])
        ]
    return [*combined, *annotated, *separate]


def _computed_once(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """Returns a thread-safe function that calls `make` once and caches the bytes."""
    made, lock = cache(make), Lock()

    def get() -> bytes:
        with lock:
            return made()

    return get


def _overlays(
    outputs: Outputs, image: Image, segmented: Sequence[SegmentedInstance]
) -> Iterator[Artifact]:
    bounds, drawn = image_box(image), _drawn_for([item.mask for item in segmented])
    instances = [
        overlays.OverlayInstance(item.prompt.id, item.prompt.label, item.mask, item.box)
        for item in segmented
    ]
    pixels = drawn + round(bounds.area * _ENCODED_SHARE)
    yield _png(outputs.overlay, pixels, partial(overlays.overlay, image, instances))
    if outputs.preview:
        encode = _ENCODERS[object_names.content_type(outputs.preview)]
        yield Artifact(outputs.preview, drawn, partial(_preview, encode, image, instances))


def _preview(
    encode: Callable[[Image], bytes], image: Image, instances: Sequence[overlays.OverlayInstance]
) -> bytes:
    return encode(overlays.preview(image, instances))


def _png(name: str, pixels: int, draw: Callable[[], SparseImage]) -> Artifact:
    return Artifact(name, pixels, lambda: png.encode(draw()))


def _mask_and_cutout(
    files: Outputs | InstanceFiles, image: Image, selected: Sequence[Mask]
) -> list[Artifact]:
    bounds, drawn = image_box(image), _drawn_for(selected)
    return [
        _png(files.mask, drawn, partial(masks.union, selected, bounds)),
        _png(files.cutout, drawn, partial(overlays.cutout, image, selected)),
    ]


def _drawn_for(selected: Sequence[Mask]) -> int:
    return sum(region.area for region in disjoint(masks.bounds(selected)))
