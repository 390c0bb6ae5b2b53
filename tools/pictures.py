"""python -m tools.pictures: draws pictures of the documentation from the example images.

docs/images/face-parts.png shows what each choice of FACE_PARTS cuts out, docs/images/edges.png the
edge of a cutout on dark and on light ground beside one without alpha.
"""

from __future__ import annotations

from itertools import accumulate

import cv2
import numpy as np

from shared.imaging.geometry import Image, image_box
from shared.imaging.matting import extract_foreground
from shared.schemas.prompt import FACE_PARTS, SKIN_ONLY, FacePart
from shared.segmentation.masks import covered
from tools.documentation import DOCS
from tools.evaluation.in_process import InProcess
from tools.support.examples import example

_PARTS_OF = ("adventurer_02.png", "lorelei_04.png", "micah_01.png", "openPeeps_01.png")
_EDGE_OF = "micah_01.png"
_SIDE = 220
"""Side of a picture in the sheets, in pixels."""

_ZOOM, _CLOSE = 6, 36
"""Enlargement and side of the part of an edge that is shown, in pixels of the image."""

_GROUNDS = ((20, 20, 30), (250, 250, 250), (210, 40, 120))
_EDGE_REACH = 2
"""As the renderer's."""

_OTHERS = 0.25
"""Brightness of what is not cut out."""


def main() -> None:
    """Writes both pictures."""
    steps = InProcess()
    _write("face-parts.png", _parts_sheet(steps))
    _write("edges.png", _edges_sheet(steps))


def _write(name: str, picture: Image) -> None:
    cv2.imwrite(str(DOCS / "images" / name), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def _parts_sheet(steps: InProcess) -> Image:
    """A row for each example: skin, then with hair, beard and ears one after the other."""
    choices = list(accumulate([part] for part in FACE_PARTS))
    rows = [
        np.hstack([_lit(steps, example(name), frozenset(choice)) for choice in choices])
        for name in _PARTS_OF
    ]
    return np.vstack(rows)


def _lit(steps: InProcess, image: Image, parts: frozenset[FacePart]) -> Image:
    """The image with everything dark that is not cut out."""
    found = steps.segment(image, steps.detect(image, "face", parts).detections)
    mask = covered([item.mask for item in found], image_box(image))
    shown = np.where(mask[..., None], image, image * _OTHERS).astype(np.uint8)
    size = _SIDE, round(_SIDE * image.shape[0] / image.shape[1])
    return np.asarray(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), np.uint8)


def _edges_sheet(steps: InProcess) -> Image:
    """Above the hard mask, below the cutout, each on all grounds."""
    image = example(_EDGE_OF)
    (face, *_) = steps.segment(image, steps.detect(image, "face", SKIN_ONLY).detections)
    mask = covered([face.mask], image_box(image))
    hard = np.dstack([image, np.where(mask, np.uint8(255), np.uint8(0))])
    soft = extract_foreground(image, mask, _EDGE_REACH)
    row = int(np.nonzero(mask)[0].max()) - _CLOSE // 3
    left, top = int(np.nonzero(mask[row])[0].max()) - _CLOSE // 2, row - _CLOSE // 2
    close = np.s_[top : top + _CLOSE, left : left + _CLOSE]
    return np.vstack(
        [np.hstack([_on(cutout[close], ground) for ground in _GROUNDS]) for cutout in (hard, soft)]
    )


def _on(cutout: Image, ground: tuple[int, int, int]) -> Image:
    """An enlarged piece of a cutout, RGBA, on a ground."""
    alpha = cutout[..., 3:] / 255
    mixed = (cutout[..., :3] * alpha + np.array(ground) * (1 - alpha)).round().astype(np.uint8)
    size = _CLOSE * _ZOOM, _CLOSE * _ZOOM
    return np.asarray(cv2.resize(mixed, size, interpolation=cv2.INTER_NEAREST), np.uint8)


if __name__ == "__main__":
    main()
