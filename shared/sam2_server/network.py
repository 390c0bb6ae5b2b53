"""The interface of SAM2's networks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Floats, Image

Device = Literal["cpu", "cuda"]


@dataclass(frozen=True, slots=True, eq=False)
class Prompts:
    """Prompts of one image that have the same form, in pixels of the network's input.

    `points` is (prompts, points, 2) with x and y, `labels` (prompts, points) with 1 for inside and
    0 for outside, `boxes` (prompts, 4) with x0, y0, x1, y1, or None.
    """

    points: Floats
    labels: npt.NDArray[np.int64]
    boxes: Floats | None


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """The masks of one prompt: logits (masks, height, width), and their predicted IoUs (masks,)."""

    logits: Floats
    predicted_ious: Floats


class Network(Protocol):
    """An image encoder and a mask decoder. One thread at a time uses it.

    `side` is the width and height of its input, `runtime` the name of what computes it.
    """

    side: int
    device: Device
    runtime: str

    def encode(self, images: Sequence[Image]) -> list[Any]:
        """Returns the embeddings of images, RGB uint8 (side, side, 3)."""
        ...

    def decode(self, embedding: Any, prompts: Prompts, *, multimask: bool) -> list[Masks]:
        """Returns three masks for each prompt, or one without `multimask`."""
        ...
