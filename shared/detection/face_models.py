"""The face models: MediaPipe's, MTCNN's, and our own.

MediaPipe's short-range detector is fully convolutional, so it takes pictures of any size.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import numpy.typing as npt

from shared.detection.blazeface import RawDetection, anchors, decode
from shared.detection.litert_model import LiteRtModel, Pictures
from shared.detection.mtcnn import OutputNetwork
from shared.networks.drawn_face import DrawnFaceNetwork
from shared.networks.face_parsing import FaceParsingNetwork

SHORT_SIDE, FULL_SIDE, MESH_SIDE = 128, 192, 192
"""Sides, in pixels, of the inputs that the models were trained on: short-range detector, full-range
detector, Face Mesh. From the models."""

STEP = 16
"""Stride of the short-range detector's coarser grid, in pixels: sides of its inputs are multiples
of it. From the model."""

_BATCH_PIXELS = 4 * SHORT_SIDE**2
"""Maximum number of pixels in a batch. Batches save time for small pictures; for large ones they
only cost memory. Chosen by hand."""

_FEATURES = 4
"""Number of features that are used: eye, eye, nose, mouth. The detectors' fifth and sixth, the
ears, are ignored."""

MIN_CONFIDENCE = 0.05
"""Minimum confidence of a raw detection in a verification view. Low, because the decision is made
over many views. It also bounds the log-odds of a view: the lower it is, the more one view without a
detection counts. Chosen by hand."""

# fmt: off
FACE_OVAL = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
]
# fmt: on
"""Indices of the mesh's 36 vertices around the face, in order: MediaPipe's FACEMESH_FACE_OVAL as a
closed loop."""


class FaceModels:
    """MediaPipe's detectors and Face Mesh, MTCNN's output network, and ours. Not thread-safe.

    Pictures are RGB uint8 (n, h, w, 3).
    """

    def short_range(
        self, pictures: Pictures, min_confidence: float
    ) -> list[Iterator[RawDetection]]:
        """For each picture its faces, in its pixels, the most confident first.

        Reliable for faces of a tenth to nine tenths of SHORT_SIDE, in pictures of any size that is
        a multiple of STEP.
        """
        count, height, width = pictures.shape[:3]
        size = max(1, _BATCH_PIXELS // (height * width))
        if count > size:
            batches = (pictures[first : first + size] for first in range(0, count, size))
            return [
                detections
                for batch in batches
                for detections in self.short_range(batch, min_confidence)
            ]
        grids = anchors(height, width, 8, 2), anchors(height, width, 16, 6)
        # The output lists the finer grid of all pictures before the coarser grid of all pictures.
        centres = np.concatenate([np.tile(grid, (count, 1)) for grid in grids])
        owners = np.concatenate([np.repeat(np.arange(count), len(grid)) for grid in grids])
        predictions, logits = self._short_range.run(pictures)
        return [
            decode(predictions[0, own], logits[0, own, 0], centres[own], _FEATURES, min_confidence)
            for own in (owners == number for number in range(count))
        ]

    def full_range(self, pictures: Pictures, min_confidence: float) -> list[Iterator[RawDetection]]:
        """As `short_range`, for smaller faces too, in pictures of FULL_SIDE pixels a side."""
        centres = anchors(FULL_SIDE, FULL_SIDE, 4, 1)
        predictions, logits = self._full_range.run(pictures)
        shape = len(pictures), len(centres), -1
        per_picture = zip(predictions.reshape(shape), logits.reshape(shape[:2]), strict=True)
        return [decode(*outputs, centres, _FEATURES, min_confidence) for outputs in per_picture]

    def ovals(self, pictures: Pictures) -> npt.NDArray[np.float32]:
        """The oval of the face that fills each picture of MESH_SIDE pixels a side.

        Float32 (n, 36, 2), in pixels of the picture.
        """
        landmarks, _ = self._mesh.run(pictures)
        return landmarks.reshape(len(pictures), -1, 3)[:, FACE_OVAL, :2]

    @cached_property
    def mtcnn(self) -> OutputNetwork:
        """MTCNN's judge of proposals."""
        return OutputNetwork()

    @cached_property
    def drawn_face(self) -> DrawnFaceNetwork:
        """Our own network for drawn faces."""
        return DrawnFaceNetwork()

    @cached_property
    def face_parsing(self) -> FaceParsingNetwork:
        """Our own network for the parts of faces."""
        return FaceParsingNetwork()

    @cached_property
    def _short_range(self) -> LiteRtModel:
        return LiteRtModel("face_detection/face_detection_short_range", black=-1)

    @cached_property
    def _full_range(self) -> LiteRtModel:
        return LiteRtModel("face_detection/face_detection_full_range_sparse", black=-1)

    @cached_property
    def _mesh(self) -> LiteRtModel:
        return LiteRtModel("face_landmark/face_landmark", black=0)
