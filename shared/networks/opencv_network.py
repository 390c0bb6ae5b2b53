"""Small networks in ONNX, which OpenCV's dnn module runs."""

import base64
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from shared.imaging.geometry import Floats


class OpenCvNetwork:
    """A network that takes RGB pictures, 0 to 255. Not thread-safe.

    Its file is ONNX in base64, because Terraform's archive_file takes only text.
    """

    def __init__(self, file: Path, outputs: Sequence[str]) -> None:
        content = base64.b64decode(file.read_text())
        self._network = cv2.dnn.readNetFromONNX(np.frombuffer(content, np.uint8))
        self._outputs = list(outputs)

    def run(self, pictures: npt.NDArray[np.uint8]) -> list[Floats]:
        """The named outputs, float32, for uint8 pictures (n, h, w, 3)."""
        self._network.setInput(np.moveaxis(pictures, 3, 1).astype(np.float32))
        return [np.asarray(output, np.float32) for output in self._network.forward(self._outputs)]
