"""MediaPipe's models, run by LiteRT without MediaPipe's graphs.

The graphs take one picture at a time, detect again before they outline, and take half a second and
100 MB to import. LiteRT runs the same models, from the same package, and on batches of pictures.
"""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from shared.imaging.geometry import Floats

Pictures = npt.NDArray[np.uint8]
"""RGB (n, h, w, 3)."""


class LiteRtModel:
    """A model of MediaPipe's package that takes colours from `black` to 1. Not thread-safe."""

    def __init__(self, name: str, black: int) -> None:
        # One thread: an instance of a function has one processor for each image.
        self._model = Interpreter(str(_modules() / f"{name}.tflite"), num_threads=1)
        self._input = self._model.get_input_details()[0]["index"]
        self._outputs = [output["index"] for output in self._model.get_output_details()]
        self._black, self._step = np.float32(black), np.float32((1 - black) / 255)
        self._shape: tuple[int, ...] = ()

    def run(self, pictures: Pictures) -> list[Floats]:
        """Runs the model and returns its outputs."""
        if pictures.shape != self._shape:
            self._model.resize_tensor_input(self._input, pictures.shape)
            self._model.allocate_tensors()
            self._shape = pictures.shape
        self._model.set_tensor(self._input, pictures * self._step + self._black)
        self._model.invoke()
        return [self._model.get_tensor(index) for index in self._outputs]


def _modules() -> Path:
    """Folder of MediaPipe's models. Importing MediaPipe would take longer than a detection."""
    package = find_spec("mediapipe")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("mediapipe, whose models find faces and hands, is not installed")
    return Path(package.origin).with_name("modules")
