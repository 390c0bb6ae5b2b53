"""MTCNN's output network, which says whether a picture shows a face.

K. Zhang and others, "Joint Face Detection and Alignment using Multi-task Cascaded Convolutional
Networks", 2016; weights under the MIT licence, converted by tools/training/mtcnn.py.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Floats
from shared.networks.opencv_network import OpenCvNetwork

FILE = Path(__file__).parent / "models/mtcnn.onnx.base64"
MTCNN_SIDE = 48
"""Side of the network's input, in pixels. From the network."""


class OutputNetwork:
    """Not thread-safe."""

    def __init__(self) -> None:
        self._network = OpenCvNetwork(FILE, ["logits"])

    def log_odds(self, pictures: npt.NDArray[np.uint8]) -> Floats:
        """Log-odds of a face that fills the picture, for each of RGB uint8 (n, 48, 48, 3)."""
        (logits,) = self._network.run(pictures)
        return logits.ravel()
