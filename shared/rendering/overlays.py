"""Draws overlays and previews of an RGB uint8 image (h, w, 3)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from shared.imaging.geometry import Image, disjoint, enclosing, image_box, shrunk
from shared.imaging.sparse_image import SparseImage, Tile
from shared.rendering.label_placement import place_label
from shared.schemas.box import Box
from shared.schemas.prompt import Label
from shared.segmentation.masks import Mask, bounds, covered

Colour = tuple[int, int, int]

_PALETTE: dict[Label, tuple[Colour, ...]] = {
    "face": ((0, 200, 83), (41, 121, 255), (213, 0, 249), (255, 145, 0), (0, 184, 212)),
    "hand": ((255, 23, 68), (255, 214, 0), (118, 255, 3), (101, 31, 255), (29, 233, 182)),
}
_TINT = 0.4
"""Share of the colour in a tinted pixel: the value of the reference service."""

_PREVIEW_SIDE = 1024
"""Limit for the longer side of a preview, in pixels. Chosen by hand: larger ones load slower."""

_MIN_USUAL_FONT = 12
"""Smallest font of a label in a small image, in pixels. Chosen by hand: smaller ones are hard to
read."""

_MIN_FONT = 9
"""Smallest font of a small instance's label, in pixels. Chosen by hand: below it, digits look
alike."""

_FONT_SHARE = 0.25
"""Font of a small instance's label, as a share of its box's shorter side. Chosen by hand: a larger
label hides more of the image than the instance has."""


@dataclass(frozen=True, slots=True, eq=False)
class OverlayInstance:
    """One instance to draw in the overlay; the mask lies in the box."""

    id: str
    label: Label
    mask: Mask
    box: Box


def overlay(image: Image, instances: Sequence[OverlayInstance]) -> SparseImage:
    """Returns the RGB image with each instance tinted, outlined, boxed and labelled."""
    bounds_box = image_box(image)
    stroke = max(1, round(max(image.shape[:2]) / 400))
    labelled = list(_labelled(instances, bounds_box))
    regions = disjoint(item.reach(stroke).intersection(bounds_box) for item in labelled)
    tiles = [_tile(image, region, labelled, stroke) for region in regions]
    return SparseImage(bounds_box, (3,), tiles, background=image)


def preview(image: Image, instances: Sequence[OverlayInstance]) -> Image:
    """Returns a small overlay, RGB uint8 (h, w, 3). It is drawn small, so labels stay readable."""
    small = shrunk(image, _PREVIEW_SIDE)
    x_scale, y_scale = small.shape[1] / image.shape[1], small.shape[0] / image.shape[0]
    return overlay(small, [_scaled(item, x_scale, y_scale) for item in instances]).to_array()


def _scaled(instance: OverlayInstance, x_scale: float, y_scale: float) -> OverlayInstance:
    """Returns the instance for an image scaled by `x_scale` and `y_scale`, both 0 to 1."""
    box = instance.box.scaled(x_scale, y_scale)
    pixels = covered([instance.mask], instance.box).astype(np.float32)
    selected = cv2.resize(pixels, (box.width, box.height), interpolation=cv2.INTER_AREA) >= 0.5
    return replace(instance, box=box, mask=Mask(box, np.asarray(selected)))


@dataclass(frozen=True, slots=True, eq=False)
class _LabelledInstance:
    """An instance with its colour and its label: `plate` is RGB uint8, drawn at `place`."""

    instance: OverlayInstance
    colour: Colour
    plate: Image
    place: Box

    def reach(self, stroke: int) -> Box:
        """Bounds of all that is drawn for the instance."""
        return enclosing([self.place, self.instance.box.widened(stroke, stroke)])


def _labelled(instances: Sequence[OverlayInstance], image: Box) -> Iterator[_LabelledInstance]:
    """Yields the instances with their labels, which cover each other and instances least."""
    occupied = [instance.box for instance in instances]
    for index, instance in enumerate(instances):
        shades = _PALETTE[instance.label]
        colour = shades[index % len(shades)]
        plate = _name_plate(instance.id, colour, _font_size(instance.box, image))
        plate = plate[: image.height, : image.width]
        others = [box for position, box in enumerate(occupied) if position != index]
        height, width = plate.shape[:2]
        place = place_label(width, height, instance.box, image, others)
        occupied.append(place)
        yield _LabelledInstance(instance, colour, plate, place)


def _font_size(instance: Box, image: Box) -> int:
    """Returns the size of a label's font, in pixels: smaller for small instances."""
    usual = max(_MIN_USUAL_FONT, round(max(image.width, image.height) / 40))
    fitting = round(min(instance.width, instance.height) * _FONT_SHARE)
    return min(usual, max(_MIN_FONT, fitting))


def _tile(image: Image, region: Box, labelled: Sequence[_LabelledInstance], stroke: int) -> Tile:
    """Draws a region of the image with its instances. No instance crosses the region's border."""
    pixels = image[region.slices].copy()
    visible = [item for item in labelled if item.place.intersection(region).area]
    for item in visible:
        _tint(pixels, item.instance.mask, region, item.colour)
    for item in visible:
        _outline(pixels, item.instance.mask, region, item.colour, stroke)
        box = item.instance.box.shifted(-region.x0, -region.y0)
        cv2.rectangle(pixels, (box.x0, box.y0), (box.x1 - 1, box.y1 - 1), item.colour, stroke)
    for item in visible:
        pixels[item.place.within(region)] = item.plate
    return Tile(region, pixels)


def _tint(pixels: Image, mask: Mask, region: Box, colour: Colour) -> None:
    for window in bounds([mask]):
        part = pixels[window.within(region)]
        plain = np.full_like(part, colour)
        tinted = cv2.addWeighted(part, 1 - _TINT, plain, _TINT, 0)
        cv2.copyTo(tinted, covered([mask], window).view(np.uint8), part)


def _outline(pixels: Image, mask: Mask, region: Box, colour: Colour, stroke: int) -> None:
    contours, _ = cv2.findContours(
        mask.pixels.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    offset = mask.window.x0 - region.x0, mask.window.y0 - region.y0
    cv2.drawContours(pixels, contours, -1, colour, stroke, cv2.LINE_AA, offset=offset)


@lru_cache(maxsize=64)
def _name_plate(text: str, colour: Colour, size: int) -> Image:
    """Renders a label, RGB (h, w, 3): black or white text, by contrast, on the colour."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    margin = size // 4
    extent = (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin)
    plate = PillowImage.new("RGB", extent, colour)
    luminance = np.dot(colour, (0.299, 0.587, 0.114))  # ITU-R BT.601
    ink = "black" if luminance > 128 else "white"
    ImageDraw.Draw(plate).text((margin - left, margin - top), text, fill=ink, font=font)
    return np.asarray(plate)
