"""The face-parsing network: our own, trained only on drawings.

It says which pixels around a face are its skin, hair, beard and ears. tools/training/parsing trains
it; models/face-parsing.md beside the model says on what, and what it cannot do.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Floats
from shared.networks.opencv_network import OpenCvNetwork
from shared.schemas.prompt import FACE_PARTS

FILE = Path(__file__).parent / "models/face-parsing.onnx.base64"
SIDE = 160
"""Side in pixels of the pictures that the network was trained on. It takes any multiple of 32."""
FACE_SIDES = 46, 104
"""Sides of the faces that it was taught: roots of the areas of their boxes, in pixels of the
picture. The face is in the picture's middle; the parts of other people count as background."""

PARTS = FACE_PARTS
"""The channels of the output."""
OUTPUT = "parts"


class FaceParsingNetwork:
    """Not thread-safe."""

    def __init__(self) -> None:
        self._network = OpenCvNetwork(FILE, [OUTPUT])

    def parts(self, pictures: npt.NDArray[np.uint8]) -> Floats:
        """The log-odds of each of PARTS, float32 (n, parts, h / 2, w / 2).

        `pictures` are RGB uint8 (n, h, w, 3) with a face in the middle; sides are multiples of 32.
        """
        (parts,) = self._network.run(pictures)
        return parts
