"""python -m tools.pictures: draws pictures of the documentation from the example images.

docs/images/example.png shows images with their overlays and cutouts, face-parts.png what each
choice of FACE_PARTS cuts out, and edges.png the edge of a cutout on dark and on light ground beside
one without alpha.
"""

from __future__ import annotations

from itertools import accumulate

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from shared.imaging.geometry import Image, image_box
from shared.imaging.matting import extract_foreground
from shared.rendering import cutouts, overlays
from shared.schemas.prompt import FACE_PARTS, SKIN_ONLY, FacePart
from shared.segmentation.masks import covered
from tools.documentation import DOCS
from tools.evaluation.in_process import InProcess
from tools.support.examples import example

_EXAMPLES = ("lorelei_04.png", "micah_01.png", "scenes/scene_22.png")
_COLUMNS = ("input", "overlay.png", "cutout.png")
_EXAMPLE_SIDE, _GAP, _HEADER, _CELL = 280, 10, 30, 14
"""Side of a picture in the sheet of examples, the space around it, the height of the line above
with the names of the columns, and the side of a cell of the checkerboard, in pixels."""

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
    """Writes all pictures."""
    steps = InProcess()
    _write("example.png", _examples_sheet(steps))
    _write("face-parts.png", _parts_sheet(steps))
    _write("edges.png", _edges_sheet(steps))


def _write(name: str, picture: Image) -> None:
    cv2.imwrite(str(DOCS / "images" / name), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))


def _examples_sheet(steps: InProcess) -> Image:
    """A row for each image: itself, its overlay and its cutout."""
    step = _EXAMPLE_SIDE + _GAP
    size = _GAP + step * len(_COLUMNS), _HEADER + step * len(_EXAMPLES)
    sheet = PillowImage.new("RGB", size, "white")
    drawing, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for column, title in enumerate(_COLUMNS):
        middle = _GAP + column * step + _EXAMPLE_SIDE // 2, _HEADER // 2
        drawing.text(middle, title, "black", font, anchor="mm")
    for row, name in enumerate(_EXAMPLES):
        for column, picture in enumerate(_results(steps, example(name))):
            place = _GAP + column * step, _HEADER + row * step
            sheet.paste(PillowImage.fromarray(picture), place)
    return np.asarray(sheet)


def _results(steps: InProcess, image: Image) -> list[Image]:
    """The square image, its overlay, and its cutout on a checkerboard, scaled down."""
    found = steps.segment(image, steps.detect(image, "face", SKIN_ONLY).detections)
    scale = _EXAMPLE_SIDE / image.shape[0]
    shown = [overlays.OverlayInstance(i.prompt.id, i.prompt.label, i.mask, i.box) for i in found]
    cutout = cutouts.cutout(image, [item.mask for item in found], 0, image_box(image)).to_array()
    cells = np.indices(image.shape[:2]) * scale // _CELL
    checkers = np.where(cells.sum(axis=0) % 2, np.uint8(222), np.uint8(255))
    pictures = [
        image,
        overlays.overlay(image, shown).to_array(),
        _on(cutout, np.dstack([checkers] * 3)),
    ]
    side = (_EXAMPLE_SIDE, _EXAMPLE_SIDE)
    return [np.asarray(cv2.resize(each, side, interpolation=cv2.INTER_AREA)) for each in pictures]


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
        [
            np.hstack([_enlarged(_on(cutout[close], ground)) for ground in _GROUNDS])
            for cutout in (hard, soft)
        ]
    )


def _enlarged(picture: Image) -> Image:
    size = _CLOSE * _ZOOM, _CLOSE * _ZOOM
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def _on(cutout: Image, ground: tuple[int, int, int] | Image) -> Image:
    """A cutout, RGBA, on a colour or on an RGB image of its size."""
    alpha = cutout[..., 3:] / 255
    mixed = cutout[..., :3] * alpha + np.asarray(ground) * (1 - alpha)
    return np.asarray(mixed.round(), np.uint8)


if __name__ == "__main__":
    main()
