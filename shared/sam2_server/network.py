"""The interface of SAM2's networks. Which runtime computes one depends on the device."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Image

Array = npt.NDArray[np.float32]
Device = Literal["cpu", "cuda"]


@dataclass(frozen=True, slots=True, eq=False)
class Prompts:
    """Prompts of one image that have the same form, in pixels of the network's input.

    `points` is (prompts, points, 2) with x and y, `labels` (prompts, points) with 1 for inside and
    0 for outside, `boxes` (prompts, 4) with x0, y0, x1, y1, or None.
    """

    points: Array
    labels: npt.NDArray[np.int64]
    boxes: Array | None


@dataclass(frozen=True, slots=True, eq=False)
class Masks:
    """The masks of one prompt: logits (masks, height, width), and their predicted IoUs (masks,)."""

    logits: Array
    predicted_ious: Array


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


def available_device() -> Device:
    """Returns `cuda` if torch is installed and there is a GPU for it."""
    if find_spec("torch") is None:
        return "cpu"
    import torch  # noqa: PLC0415 only the dependency group `gpu` installs it

    return "cuda" if torch.cuda.is_available() else "cpu"


def load_network(folder: Path, device: Device) -> Network:
    """Returns the network of a checkpoint: of torch on a GPU, of OpenVINO on a CPU.

    Raises:
        ValueError: the checkpoint is of another family, or lacks a tensor.
        OSError: a file cannot be read.
    """
    # Imported here, because each runtime has a dependency group of its own.
    if device == "cuda":
        from shared.sam2_server.torch_network import TorchNetwork  # noqa: PLC0415

        return TorchNetwork(folder, device)
    from shared.sam2_server.openvino_network import OpenVinoNetwork  # noqa: PLC0415

    return OpenVinoNetwork(folder)
