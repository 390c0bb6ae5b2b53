"""MediaPipe's models for faces, without MediaPipe's graphs.

The graphs take one picture at a time, look for a face anew before they outline it, and take half a
second to import. LiteRT runs the same models, from the same package, on many pictures at a time;
the short-range detector, a convolution, on pictures of any size.
"""

from collections.abc import Iterator
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from shared.detection.blazeface import Floats, Sighting, anchors, sightings

Pictures = npt.NDArray[np.uint8]

SHORT_SIDE, FULL_SIDE, MESH_SIDE = 128, 192, 192
"""Pixels a side of the pictures that the models were trained on."""

STEP = 16
"""The short-range detector's coarser grid: sides of its pictures are multiples of it."""

_AT_ONCE = 4 * SHORT_SIDE**2
"""Pixels of pictures shown together: few small ones take less time so, large ones just memory."""

LEAST_CONFIDENCE = 0.05
"""What counts is decided over many views, so the detectors may say whatever they are so sure of."""

# fmt: off
FACE_OVAL = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
]
# fmt: on
"""The mesh's 36 vertices around the face, in order: MediaPipe's FACEMESH_FACE_OVAL as a loop."""


class FaceModels:
    """For one thread at a time. Pictures are RGB uint8, (n, h, w, 3)."""

    def short_range(self, pictures: Pictures, least: float) -> list[Iterator[Sighting]]:
        """Faces seen in each picture with at least this confidence, in its pixels, surest first.

        Seen well are faces of a tenth to nine tenths of SHORT_SIDE, in pictures of any size.
        """
        count, height, width = pictures.shape[:3]
        at_once = max(1, _AT_ONCE // (height * width))
        if count > at_once:
            parts = (pictures[first : first + at_once] for first in range(0, count, at_once))
            return [seen for part in parts for seen in self.short_range(part, least)]
        grids = anchors(height, width, 8, 2), anchors(height, width, 16, 6)
        # What the finer grid says of all pictures comes before what the coarser does.
        cells = np.concatenate([np.tile(grid, (count, 1)) for grid in grids])
        owners = np.concatenate([np.repeat(np.arange(count), len(grid)) for grid in grids])
        places, logits = self._short_range.answers(pictures)
        return [
            sightings(places[0, own], logits[0, own, 0], cells[own], least)
            for own in (owners == number for number in range(count))
        ]

    def full_range(self, pictures: Pictures, least: float) -> list[Iterator[Sighting]]:
        """The same for faces that are farther away, in pictures of FULL_SIDE pixels a side."""
        cells = anchors(FULL_SIDE, FULL_SIDE, 4, 1)
        places, logits = self._full_range.answers(pictures)
        shape = len(pictures), len(cells), -1
        return [
            sightings(at, odds, cells, least)
            for at, odds in zip(places.reshape(shape), logits.reshape(shape[:2]), strict=True)
        ]

    def ovals(self, pictures: Pictures) -> npt.NDArray[np.float32]:
        """The oval of the face that fills each picture of MESH_SIDE pixels a side, (n, 36, 2)."""
        marks, _ = self._mesh.answers(pictures)
        return marks.reshape(len(pictures), -1, 3)[:, FACE_OVAL, :2]

    @cached_property
    def _short_range(self) -> "_Model":
        return _Model("face_detection/face_detection_short_range", dark=-1)

    @cached_property
    def _full_range(self) -> "_Model":
        return _Model("face_detection/face_detection_full_range_sparse", dark=-1)

    @cached_property
    def _mesh(self) -> "_Model":
        return _Model("face_landmark/face_landmark", dark=0)


class _Model:
    """A model of MediaPipe's package. It was trained on colours from `dark` to 1."""

    def __init__(self, name: str, dark: int) -> None:
        # one thread: a function's instances have one processor for each image
        self._model = Interpreter(str(_modules() / f"{name}.tflite"), num_threads=1)
        self._input = self._model.get_input_details()[0]["index"]
        self._outputs = [output["index"] for output in self._model.get_output_details()]
        self._dark, self._step = np.float32(dark), np.float32((1 - dark) / 255)
        self._shape: tuple[int, ...] = ()

    def answers(self, pictures: Pictures) -> list[Floats]:
        """Each of the model's outputs."""
        if pictures.shape != self._shape:
            self._model.resize_tensor_input(self._input, pictures.shape)
            self._model.allocate_tensors()
            self._shape = pictures.shape
        self._model.set_tensor(self._input, pictures * self._step + self._dark)
        self._model.invoke()
        return [self._model.get_tensor(index) for index in self._outputs]


def _modules() -> Path:
    """Where MediaPipe keeps its models. Importing it would take longer than finding a face."""
    package = find_spec("mediapipe")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("mediapipe, whose models find faces, is not installed")
    return Path(package.origin).with_name("modules")
