"""Masks for the tests of exports, and the filling of polygons."""

from collections.abc import Iterable

import cv2
import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shared.export.labelled_image import LabelledImage, labelled
from shared.export.outlines import Outline, Ring, trace
from shared.export.places import Subset, place_of
from shared.imaging import rle
from shared.imaging.geometry import BoolMask, image_box, polygon_mask
from shared.schemas.box import Box
from shared.schemas.documents import Instance, InstanceFiles, RleModel
from shared.schemas.prompt import Label

_noise = hnp.arrays(
    bool,
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    elements=st.booleans(),
    fill=st.nothing(),
)


@st.composite
def _nested(draw: st.DrawFn) -> BoolMask:
    """Rectangles that are set and cleared by turns: parts in holes of parts."""
    height, width = draw(st.integers(1, 24)), draw(st.integers(1, 24))
    mask = np.zeros((height, width), bool)
    for number in range(draw(st.integers(1, 7))):
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        mask[y : y + draw(st.integers(1, height)), x : x + draw(st.integers(1, width))] ^= (
            number % 2 == 0 or draw(st.booleans())
        )
    return mask


masks: st.SearchStrategy[BoolMask] = st.one_of(_noise, _nested())


def outline(mask: BoolMask) -> Outline:
    encoded = rle.encode(mask)
    return trace(encoded.counts, encoded.size)


def filled(rings: Iterable[Ring], mask: BoolMask) -> BoolMask:
    """Fills the rings, by the even-odd rule, in an image of the mask's size."""
    result = np.zeros(mask.shape, bool)
    for ring in rings:
        result ^= polygon_mask(ring.astype(np.float32), image_box(mask))
    return result


def signed_area(ring: Ring) -> float:
    """The area by the shoelace formula: positive if the ring runs clockwise on the screen."""
    x, y = ring.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


def components(mask: BoolMask, connectivity: int) -> int:
    """The number of connected parts of the mask."""
    count, _ = cv2.connectedComponents(mask.astype(np.uint8), connectivity=connectivity)
    return count - 1


def image_of(
    *of_instances: BoolMask, upload: str = "album/cat.png", number: int = 1
) -> LabelledImage:
    """An image with a face for each mask, except the last of several, which is a hand."""
    height, width = of_instances[0].shape
    instances = [
        stored_instance(mask, "hand" if index and index == len(of_instances) - 1 else "face", index)
        for index, mask in enumerate(of_instances)
    ]
    return LabelledImage(
        number, upload, place_of(upload), Subset.TRAIN, width, height,
        labelled(instances, width, height),
    )  # fmt: skip


def stored_instance(mask: BoolMask, label: Label = "face", index: int = 0) -> Instance:
    """An instance as in result.json."""
    encoded = rle.encode(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1) if rows.size else (0, 0, 1, 1)
    name = f"{label}-{index + 1}"
    return Instance(
        id=name,
        label=label,
        side=None,
        score=0.75,
        box=Box(*map(int, box)),
        area=int(mask.sum()),
        segmenter="grabcut",
        quality=0.9,
        rle=RleModel(size=encoded.size, counts=encoded.counts),
        files=InstanceFiles(mask=f"{name}/mask.png", cutout=f"{name}/cutout.png"),
    )
