"""Measures the cost of face detection, for ours and the plain recipe.

The plain recipe decodes the file with OpenCV and runs Face Mesh once.
"""

import time
from collections.abc import Iterator
from typing import Any

import cv2
import mediapipe as mp
import numpy as np

from shared.decoding import pixels
from shared.detection.detector import Detector
from shared.imaging.geometry import Image
from shared.schemas.prompt import Label
from tools.benchmarks.costs import least
from tools.benchmarks.pictures import busy, grainy
from tools.benchmarks.pipeline import jpeg
from tools.benchmarks.report import table
from tools.support.examples import example
from tools.support.passes import Passes

FACES: frozenset[Label] = frozenset({"face"})


def section() -> Iterator[str]:
    """Lines of Markdown."""
    yield from (
        "## Face detection",
        "",
        "CPU time of decoding and detection, relative to the plain recipe's: decoding by OpenCV",
        "and one run of a Face Mesh that was built before. A pass is one picture of the size that",
        "a model was trained on.",
        "",
    )
    rows = [[name, *_measure(picture)] for name, picture in _pictures().items()]
    yield from table(["image", "pixels", "faces", "passes", "CPU, ours / plain"], rows)


def _pictures() -> dict[str, Image]:
    avatar, photo = example("avataaars_05.png"), example("astronaut.jpg")
    scene = np.full((1200, 1600, 3), (190, 220, 240), np.uint8)
    for column, file in enumerate(("micah_01.png", "lorelei_04.png", "openPeeps_01.png")):
        small = cv2.resize(example(file), (360, 360), interpolation=cv2.INTER_AREA)
        scene[400:760, 100 + 500 * column :][:, :360] = small
    return {
        "single avatar": avatar,
        "scene of three": np.asarray(scene, np.uint8),
        "photo, 12 megapixels": grainy(np.asarray(cv2.resize(photo, (4000, 3000)), np.uint8)),
        "page, 12 megapixels": np.asarray(cv2.resize(scene, (4000, 3000)), np.uint8),
        "noise, 12 megapixels": busy(3000, 4000),
    }


def _measure(picture: Image) -> tuple[str, ...]:
    data = jpeg(picture)
    encoded = np.frombuffer(data, np.uint8)
    detector = Detector()
    mesh: Any = mp.solutions.face_mesh.FaceMesh(
        static_image_mode=True, max_num_faces=20, refine_landmarks=True
    )
    found = detector.detect(picture, FACES).detections
    with Passes() as passes:
        detector.detect(picture, FACES)
    mesh.process(picture)
    ours = least(lambda: detector.detect(pixels.decode(data, 10**9), FACES), time.process_time)
    plain = least(lambda: mesh.process(cv2.imdecode(encoded, cv2.IMREAD_COLOR)), time.process_time)
    size = f"{picture.shape[1]} x {picture.shape[0]}"
    return size, str(len(found)), f"{passes.count:.0f}", f"{ours / plain:.1f}"
