"""The least possible work of a pipeline: one decode, one run of a model, three encoded images."""

from typing import Any

import mediapipe as mp
import numpy as np

from shared.decoding import pixels
from shared.imaging import png
from tools.benchmarks.costs import Cost, measured


def measure(data: bytes, runs: int) -> Cost:
    """Measures the work with an image file."""
    mesh: Any = mp.solutions.face_mesh.FaceMesh(static_image_mode=True)

    def work() -> None:
        image = pixels.decode(data, 10**9)
        mesh.process(image)
        mask = np.zeros(image.shape[:2], np.uint8)
        for picture in (mask, image, np.dstack([image, mask])):
            png.encode_array(picture)

    return measured([work] * runs)
