"""The pictures people look at: mask, overlay, cutout. RGB(A) uint8 arrays in, arrays out."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from shared.geometry import Box, Image, Patch, disjoint, enclosing
from shared.masks import Mask, bounds, union
from shared.matting import lifted
from shared.prompts import Label

Colour = tuple[int, int, int]

_PALETTE: dict[Label, tuple[Colour, ...]] = {
    "face": ((0, 200, 83), (41, 121, 255), (213, 0, 249), (255, 145, 0), (0, 184, 212)),
    "hand": ((255, 23, 68), (255, 214, 0), (118, 255, 3), (101, 31, 255), (29, 233, 182)),
}
_TINT = 0.4
"""Share of the colour in a tinted pixel: the reference service's value."""

_SOFT_EDGE = 1
"""Pixels to either side of a mask's border whose alpha may be partial: as far as drawing programs
spread an edge."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """What the overlay shows of one instance."""

    id: str
    label: Label
    mask: Mask
    box: Box


def overlay(image: Image, instances: Sequence[Drawn]) -> Image:
    """A copy of the RGB image with each instance tinted, outlined, boxed and named."""
    picture = image.copy()
    stroke = max(1, round(max(image.shape[:2]) / 400))
    colours = [_colour(instance, index) for index, instance in enumerate(instances)]
    for instance, colour in zip(instances, colours, strict=True):
        _tint(picture, instance.mask, colour)
    for instance, colour in zip(instances, colours, strict=True):
        _outline(picture, instance.mask, colour, stroke)
        box = instance.box
        cv2.rectangle(picture, (box.x0, box.y0), (box.x1 - 1, box.y1 - 1), colour, stroke)
    for instance, colour in zip(instances, colours, strict=True):
        _name(picture, instance, colour)
    return picture


def cutout(image: Image, shown: Sequence[Mask]) -> Patch:
    """The RGB image where any of the masks is set, RGBA, transparent elsewhere.

    The border is anti-aliased. What is hidden is zeroed, so the file leaks nothing behind its
    alpha and packs well.
    """
    whole = Box.of_image(image)
    margin = 4 * _SOFT_EDGE  # as far as matting looks from a border
    around = [one.widened(margin, margin).intersection(whole) for one in bounds(shown)]
    regions = disjoint(around)
    window = enclosing(regions)
    merged = union(shown, whole)
    covered = np.zeros((window.height, window.width), bool)
    covered[merged.window.shifted(-window.x0, -window.y0).slices] = merged.pixels > 0
    picture = np.zeros((window.height, window.width, 4), np.uint8)
    for region in regions:  # between them there is nothing
        part = region.shifted(-window.x0, -window.y0).slices
        picture[part] = lifted(image[region.slices], covered[part], _SOFT_EDGE)
    return Patch(picture, window, whole)


def _colour(instance: Drawn, index: int) -> Colour:
    shades = _PALETTE[instance.label]
    return shades[index % len(shades)]


def _tint(picture: Image, mask: Mask, colour: Colour) -> None:
    region = picture[mask.window.slices]
    blended = region[mask.pixels] * (1 - _TINT) + np.array(colour) * _TINT
    region[mask.pixels] = blended.round().astype(np.uint8)


def _outline(picture: Image, mask: Mask, colour: Colour, stroke: int) -> None:
    contours, _ = cv2.findContours(
        mask.pixels.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    offset = (mask.window.x0, mask.window.y0)
    cv2.drawContours(picture, contours, -1, colour, stroke, cv2.LINE_AA, offset=offset)


def _name(picture: Image, instance: Drawn, colour: Colour) -> None:
    """Writes the instance's id on a plate above its box, or inside it at the image's top."""
    height, width = picture.shape[:2]
    plate = _plate(instance.id, colour, size=max(12, round(max(height, width) / 40)))
    plate = plate[:height, :width]
    tall, wide = plate.shape[:2]
    x = min(max(instance.box.x0, 0), width - wide)
    y = instance.box.y0 - tall if instance.box.y0 >= tall else min(instance.box.y0, height - tall)
    picture[y : y + tall, x : x + wide] = plate


@lru_cache(maxsize=64)
def _plate(text: str, colour: Colour, size: int) -> Image:
    """The text on a plate of the colour, RGB (h, w, 3), black or white, whichever reads better."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = font.getbbox(text)
    margin = size // 4
    extent = (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin)
    plate = PillowImage.new("RGB", extent, colour)
    luminance = np.dot(colour, (0.299, 0.587, 0.114))  # ITU-R BT.601
    ink = "black" if luminance > 128 else "white"
    ImageDraw.Draw(plate).text((margin - left, margin - top), text, fill=ink, font=font)
    return np.asarray(plate)
