"""Crops for SAM2: windows of the image, encoded once, at most at SAM2's input resolution.

A crop maps prompts into its pixels, and masks back into the image.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from shared.imaging import encoding, png
from shared.imaging.geometry import BoolMask, Image, enclosing, shrunk
from shared.schemas.box import Box
from shared.schemas.prompt import LabelledPixel, Prompt
from shared.segmentation.sam2.answers import Values

LONG_SIDE = 1024
"""Limit for a crop's longer side, in pixels. SAM2 scales its input to 1024 x 1024."""

_LEAST_SHARE = 0.25
"""Prompts share a crop if the box of each is at least this share of the crop's longer side. SAM2's
masks have 256 x 256 cells, so each target gets at least 64 cells a side."""

_SMALL = 256 * 2**10
"""Limit, in bytes, up to which a PNG is sent. Flat art stays below, so its exact colours, which
separate its areas, are kept. Chosen by hand: a higher limit sends larger requests."""

_FAR_SMALLER = 0.5
"""A JPEG replaces a larger PNG if it has less than this share of its bytes. Chosen by hand: a
higher share sends fewer bytes, but more crops lose quality."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """An encoded window of the image: `width` x `height` pixels, `data` is a PNG or a JPEG."""

    window: Box
    width: int
    height: int
    data: bytes

    @property
    def base64(self) -> str:
        """The encoded crop in base64."""
        return base64.b64encode(self.data).decode("ascii")

    @property
    def data_url(self) -> str:
        """The encoded crop as a data URL with its media type."""
        kind = "png" if self.data.startswith(b"\x89PNG") else "jpeg"
        return f"data:image/{kind};base64,{self.base64}"

    @property
    def is_shrunk(self) -> bool:
        """Whether the crop has fewer pixels than its window."""
        return self.width * self.height < self.window.area

    def points(self, given: Sequence[LabelledPixel]) -> list[LabelledPixel]:
        """Returns the points in the window, (x, y, label) in pixels of the crop."""
        x_scale, y_scale = self._scale
        left, top = self.window.x0, self.window.y0
        return [
            (int((x - left + 0.5) * x_scale), int((y - top + 0.5) * y_scale), label)
            for x, y, label in given
            if self.window.holds(x, y)
        ]

    def box(self, prompt: Prompt) -> list[int]:
        """Returns the prompt's box, right and bottom exclusive, in pixels of the crop."""
        x_scale, y_scale = self._scale
        x0, y0, x1, y1 = prompt.box.shifted(-self.window.x0, -self.window.y0)
        return [round(x0 * x_scale), round(y0 * y_scale), round(x1 * x_scale), round(y1 * y_scale)]

    def outline(self, prompt: Prompt) -> list[tuple[float, float]]:
        """Returns the prompt's outline, (x, y) in pixels of the crop."""
        x_scale, y_scale = self._scale
        left, top = self.window.x0, self.window.y0
        return [
            (round((x - left) * x_scale, 2), round((y - top) * y_scale, 2))
            for x, y in prompt.polygon
        ]

    def mask(self, values: Values, target: Box) -> BoolMask:
        """Returns the pixels with a probability above 0.5, bool (target.height, target.width).

        `values` are probabilities 0..1 for the complete window, float32 of any size. `target` is in
        image coordinates and lies in the window. Values are interpolated, so a small mask gives a
        smooth edge. They have 8 bits, because a window may have 50 times the pixels of its mask.
        """
        size = self.window.width, self.window.height
        if (values.shape[1], values.shape[0]) == size:
            return values[target.within(self.window)] > 0.5
        shrinks = values.shape[1] > size[0] or values.shape[0] > size[1]
        interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        grey = np.rint(values * np.float32(255)).astype(np.uint8)
        return np.asarray(
            cv2.resize(grey, size, interpolation=interpolation)[target.within(self.window)] > 127
        )

    @property
    def _scale(self) -> tuple[float, float]:
        """Pixels of the crop per pixel of the image, in x and y."""
        return self.width / self.window.width, self.height / self.window.height


def encode_crop(image: Image, window: Box) -> Crop:
    """Encodes a window of the RGB image, scaled down if it is larger than LONG_SIDE."""
    pixels = shrunk(image[window.slices], LONG_SIDE)
    return Crop(window, pixels.shape[1], pixels.shape[0], _encoded(pixels))


def shared_windows(prompts: Sequence[Prompt]) -> list[tuple[Box, list[Prompt]]]:
    """Returns windows that contain the crops of all prompts, each with its prompts in order.

    Prompts share a window only if none of them loses resolution: the window is not scaled down, and
    each target is large enough in it.
    """
    windows: list[tuple[Box, list[Prompt]]] = []
    for prompt in prompts:
        for index, (window, members) in enumerate(windows):
            both = enclosing([window, prompt.crop])
            if _may_share(both, [*members, prompt]):
                windows[index] = (both, [*members, prompt])
                break
        else:
            windows.append((prompt.crop, [prompt]))
    return windows


def _may_share(window: Box, prompts: Sequence[Prompt]) -> bool:
    side = max(window.width, window.height)
    smallest = min(max(prompt.box.width, prompt.box.height) for prompt in prompts)
    return side <= LONG_SIDE and smallest >= _LEAST_SHARE * side


def _encoded(pixels: Image) -> bytes:
    lossless = png.encode_array(pixels)
    if len(lossless) <= _SMALL:
        return lossless
    lossy = encoding.encode_jpeg(pixels)
    return lossy if len(lossy) < _FAR_SMALLER * len(lossless) else lossless
