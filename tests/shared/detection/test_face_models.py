"""The face models give the same results as MediaPipe's own graphs."""

from itertools import pairwise
from typing import Any

import cv2
import mediapipe as mp
import numpy as np
import pytest
from mediapipe.python.solution_base import SolutionBase

from shared.detection.blazeface import RawDetection
from shared.detection.face_models import FACE_OVAL, FULL_SIDE, MESH_SIDE, SHORT_SIDE, FaceModels
from shared.imaging.geometry import Image
from tools.support.examples import example

LEAST = 0.05
PICTURES = ("avataaars_05.png", "astronaut.jpg", "micah_01.png", "lorelei_04.png")


@pytest.fixture(scope="module")
def models() -> FaceModels:
    return FaceModels()


def _shown(name: str, side: int) -> Image:
    shown = cv2.resize(example(name), (side, side), interpolation=cv2.INTER_AREA)
    return np.asarray(shown, np.uint8)


def _graph(reach: str) -> Any:
    """MediaPipe's FaceDetection but for its threshold, which it takes and ignores (0.10.21)."""
    node = f"facedetection{reach}range__facedetection__TensorsToDetectionsCalculator"
    return SolutionBase(
        binary_graph_path=f"mediapipe/modules/face_detection/face_detection_{reach}_range_cpu.binarypb",
        calculator_params={f"{node}.min_score_thresh": LEAST},
        outputs=["detections"],
    )


@pytest.mark.parametrize(("reach", "side"), [("short", SHORT_SIDE), ("full", FULL_SIDE)])
def test_the_detectors_see_what_mediapipes_graphs_see(
    models: FaceModels, reach: str, side: int
) -> None:
    graph = _graph(reach)
    detect = {"short": models.short_range, "full": models.full_range}[reach]
    pictures = [_shown(name, side) for name in PICTURES]
    for picture, detections in zip(pictures, detect(np.stack(pictures), LEAST), strict=True):
        theirs = sorted(graph.process({"image": picture}).detections, key=lambda d: -d.score[0])
        ours = list(detections)
        assert len(ours) == len(theirs) > 0
        for one, other in zip(ours, theirs, strict=True):
            box = other.location_data.relative_bounding_box
            x, y, marks = box.xmin, box.ymin, other.location_data.relative_keypoints[:4]
            expected = np.array([x, y, x + box.width, y + box.height]) * side
            assert one.confidence == pytest.approx(other.score[0], abs=1e-4)
            assert one.box == pytest.approx(expected, abs=0.01)
            assert one.features == pytest.approx(
                np.array([(mark.x, mark.y) for mark in marks]) * side, abs=0.01
            )


def test_the_oval_is_that_of_mediapipes_face_mesh(models: FaceModels) -> None:
    """Face Mesh finds the face by itself: it sees it a little larger or smaller."""
    face = np.asarray(example("astronaut.jpg")[35:215, 130:310])
    picture = np.asarray(cv2.resize(face, (MESH_SIDE, MESH_SIDE)), np.uint8)
    mesh: Any = mp.solutions.face_mesh.FaceMesh(static_image_mode=True)
    (found,) = mesh.process(picture).multi_face_landmarks
    theirs = np.array([(found.landmark[i].x, found.landmark[i].y) for i in FACE_OVAL]) * MESH_SIDE
    (ours,) = models.ovals(picture[None])
    assert np.abs(ours - theirs).mean() < 0.03 * MESH_SIDE


def test_the_ovals_vertices_are_mediapipes_in_order() -> None:
    edges = {frozenset(edge) for edge in mp.solutions.face_mesh.FACEMESH_FACE_OVAL}
    assert {frozenset(edge) for edge in pairwise([*FACE_OVAL, FACE_OVAL[0]])} == edges


def _best(models: FaceModels, picture: Image) -> RawDetection:
    (detections,) = models.short_range(picture[None], LEAST)
    return next(detections)


def test_a_face_is_seen_wherever_it_lies_on_a_larger_picture(models: FaceModels) -> None:
    face = _shown("micah_01.png", SHORT_SIDE)
    alone = _best(models, face)
    for x, y in ((0, 0), (96, 32), (160, 112)):
        page = np.full((240, 320, 3), 255, np.uint8)
        page[y : y + SHORT_SIDE, x : x + SHORT_SIDE] = face
        seen = _best(models, page)
        assert seen.confidence == pytest.approx(alone.confidence, abs=0.1)
        assert np.abs(seen.box - alone.box - (x, y, x, y)).max() < 8


def test_pictures_shown_together_are_seen_as_one_by_one(models: FaceModels) -> None:
    pictures = [_shown(name, SHORT_SIDE) for name in PICTURES]
    together = models.short_range(np.stack(pictures), LEAST)
    for picture, detections in zip(pictures, together, strict=True):
        alone, seen = _best(models, picture), next(detections)
        assert seen.confidence == pytest.approx(alone.confidence, abs=1e-4)
        assert seen.box == pytest.approx(alone.box, abs=0.01)


def test_a_mirrored_detection_is_that_of_the_mirrored_picture(models: FaceModels) -> None:
    face = _shown("astronaut.jpg", SHORT_SIDE)
    there = _best(models, np.ascontiguousarray(face[:, ::-1])).mirrored(SHORT_SIDE)
    here = _best(models, face)
    assert np.abs(there.box - here.box).max() < 4
    assert np.abs(there.features - here.features).max() < 4
