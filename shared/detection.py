"""Finding faces and hands with MediaPipe, by what many views of an image agree on."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import mediapipe as mp
import numpy as np
import numpy.typing as npt
from mediapipe.python.solutions.face_mesh_connections import FACEMESH_FACE_OVAL

from shared.consensus import Agreement, Finding, agreements
from shared.geometry import Box, Image, shrunk
from shared.prompts import Detection, Label, Side
from shared.views import LADDER, LONG_SIDE, Window, rung, views

_SURE_SCORE = 0.6
_CLOSE_UP = 0.35
"""A target that scores as much and is as large, as a share of the image's long side, makes the
image a close-up: finer windows would show parts of a face."""

_FACE_BLURS = (1.2, 2.0, 3.2, 4.5)
_HAND_BLURS = (1.2, 2.0)
"""Gaussian sigmas in pixels of a view."""

_FINGER = 0.12
"""A hand's outline lies outside its joints by about this share of the palm's length."""

_WRIST, _MIDDLE_KNUCKLE = 0, 9


def _oval_order() -> list[int]:
    """The 36 face oval vertices in mesh order: each edge's end is the next one's start."""
    successor = dict(FACEMESH_FACE_OVAL)
    order = [min(successor)]
    while (following := successor[order[-1]]) != order[0]:
        order.append(following)
    return order


FACE_OVAL = _oval_order()


@dataclass(frozen=True, slots=True)
class _Search:
    """How one kind of target is looked for."""

    look: Callable[[Image, Window], Iterator[Finding]]
    blurs: tuple[float, ...]
    ladder: tuple[float, ...]
    to_detection: Callable[[Agreement], Detection]


class Detector:
    """Finds the wanted targets that score at least `min_score`, 0..1.

    Models are built once per thread, on first use.
    """

    def __init__(self, targets: frozenset[Label], max_instances: int, min_score: float) -> None:
        self._min_score = min_score
        self._models = _Models(max_instances)
        searches: dict[Label, _Search] = {
            "face": _Search(self._faces, _FACE_BLURS, LADDER, _face),
            "hand": _Search(self._hands, _HAND_BLURS, LADDER[:3], _hand),
        }
        self._searches = [search for label, search in searches.items() if label in targets]

    def detect(self, image: Image) -> list[Detection]:
        """All faces and hands in an RGB uint8 (h, w, 3) image, faces first, best first."""
        small = shrunk(image, LONG_SIDE)
        scale = np.array([image.shape[1] / small.shape[1], image.shape[0] / small.shape[0]])
        return [
            search.to_detection(_scaled(agreement, scale))
            for search in self._searches
            for agreement in _climb(small, search)
            if agreement.score >= self._min_score
        ]

    def _faces(self, view: Image, window: Window) -> Iterator[Finding]:
        found = self._models.face_mesh.process(view).multi_face_landmarks or []
        for landmarks in found:
            yield Finding(window.to_image(_normalised(landmarks)[FACE_OVAL]))

    def _hands(self, view: Image, window: Window) -> Iterator[Finding]:
        answer = self._models.hands.process(view)
        found, sides = answer.multi_hand_landmarks or [], answer.multi_handedness or []
        for landmarks, handedness in zip(found, sides, strict=True):
            # MediaPipe names the side as for a mirrored selfie; uploads are not mirrored.
            side: Side = "right" if handedness.classification[0].label == "Left" else "left"
            yield Finding(window.to_image(_normalised(landmarks)), side)


class _Models(threading.local):
    """MediaPipe's graphs are not safe to share between threads: each thread has its own."""

    def __init__(self, max_instances: int) -> None:
        self._max_instances = max_instances

    @cached_property
    def face_mesh(self) -> Any:
        return mp.solutions.face_mesh.FaceMesh(
            static_image_mode=True, refine_landmarks=True, max_num_faces=self._max_instances
        )

    @cached_property
    def hands(self) -> Any:
        return mp.solutions.hands.Hands(static_image_mode=True, max_num_hands=self._max_instances)


def _climb(image: Image, search: _Search) -> list[Agreement]:
    """Looks at ever finer windows until the image turns out to be a close-up."""
    whole = Box.of_image(image)
    findings: list[Finding] = []
    looked_at: list[Window] = []
    found: list[Agreement] = []
    for share in search.ladder:
        for window in rung(whole, share):
            looked_at.append(window)
            for view in views(image, window, search.blurs):
                findings += search.look(view, window)
        found = agreements(findings, looked_at, len(search.blurs))
        large = _CLOSE_UP * max(whole.width, whole.height)
        if share <= 1 and any(
            one.score >= _SURE_SCORE and max(one.box.width, one.box.height) >= large
            for one in found
        ):
            break
    return found


def _scaled(agreement: Agreement, scale: npt.NDArray[np.float64]) -> Agreement:
    return replace(agreement, landmarks=(agreement.landmarks * scale).astype(np.float32))


def _normalised(landmarks: Any) -> npt.NDArray[np.float32]:
    """MediaPipe's landmark list as a float32 (n, 2) array of shares of width and height."""
    return np.array([(mark.x, mark.y) for mark in landmarks.landmark], np.float32)


def _face(agreement: Agreement) -> Detection:
    return Detection("face", agreement.score, agreement.landmarks)


def _hand(agreement: Agreement) -> Detection:
    """A hand whose outline is the hull of its joints, each as thick as a finger."""
    joints = agreement.landmarks
    thickness = _FINGER * float(np.linalg.norm(joints[_MIDDLE_KNUCKLE] - joints[_WRIST]))
    angles = np.arange(8) * (np.pi / 4)
    rim = np.column_stack([np.cos(angles), np.sin(angles)]) * thickness
    cloud = (joints[:, None, :] + rim).reshape(-1, 2).astype(np.float32)
    hull = np.asarray(cv2.convexHull(cloud), np.float32).reshape(-1, 2)
    return Detection("hand", agreement.score, hull, joints, agreement.side)
