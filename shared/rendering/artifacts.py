"""The pictures of a result: which there are, and what is drawn on each."""

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
"""Pixels that are being drawn and encoded in this process, at some 12 bytes each."""

_ENCODED = 0.25
"""What a pixel may take in a file, over what it takes while it is drawn."""

_ENCODERS: dict[str, Callable[[Image], bytes]] = {
    "image/jpeg": encoding.encode_jpeg,
    "image/webp": encoding.encode_webp,
}


@dataclass(frozen=True, slots=True)
class Artifact:
    """A picture by its name in the upload's folder, drawn and encoded when it is asked for.

    `pixels` is how many of them are drawn: what lies around them costs next to nothing.
    """

    name: str
    pixels: int
    make: Callable[[], bytes]

    def encoded(self) -> bytes:
        """The file. Large ones wait for one another.

        Raises:
            Transient: they take too long.
        """
        with _BUDGET.acquired(self.pixels, MEMORY_SECONDS):
            return self.make()


def pictures(
    image: Image, segmented: Sequence[SegmentedInstance], outputs: Outputs
) -> list[Artifact]:
    """All pictures of one upload, mask.png first."""
    together = _mask_and_cutout(outputs, image, [one.mask for one in segmented])
    overlays = list(_overlays(outputs, image, segmented))
    if len(segmented) == 1:
        together = [replace(picture, make=_once(picture.make)) for picture in together]
        (one,) = segmented
        names = one.files.mask, one.files.cutout
        alone = [replace(p, name=name) for p, name in zip(together, names, strict=True)]
    else:
        alone = [
            picture
            for one in segmented
            for picture in _mask_and_cutout(one.files, image, [one.mask])
        ]
    return [*together, *overlays, *alone]


def _once(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """The same bytes for all who ask, whichever thread comes first."""
    made, lock = cache(make), Lock()

    def get() -> bytes:
        with lock:
            return made()

    return get


def _overlays(
    outputs: Outputs, image: Image, segmented: Sequence[SegmentedInstance]
) -> Iterator[Artifact]:
    whole, drawn = image_box(image), _drawn_for([one.mask for one in segmented])
    marks = [
        overlays.Drawn(one.prompt.id, one.prompt.label, one.mask, one.box) for one in segmented
    ]
    pixels = drawn + round(whole.area * _ENCODED)
    yield _png(outputs.overlay, pixels, partial(overlays.overlay, image, marks))
    if outputs.preview:
        encode = _ENCODERS[object_names.content_type(outputs.preview)]
        yield Artifact(outputs.preview, drawn, partial(_preview, encode, image, marks))


def _preview(
    encode: Callable[[Image], bytes], image: Image, marks: Sequence[overlays.Drawn]
) -> bytes:
    return encode(overlays.preview(image, marks))


def _png(name: str, pixels: int, draw: Callable[[], SparseImage]) -> Artifact:
    return Artifact(name, pixels, lambda: png.encode(draw()))


def _mask_and_cutout(
    files: Outputs | InstanceFiles, image: Image, shown: Sequence[Mask]
) -> list[Artifact]:
    whole, drawn = image_box(image), _drawn_for(shown)
    return [
        _png(files.mask, drawn, partial(masks.union, shown, whole)),
        _png(files.cutout, drawn, partial(overlays.cutout, image, shown)),
    ]


def _drawn_for(shown: Sequence[Mask]) -> int:
    return sum(region.area for region in disjoint(masks.bounds(shown)))
