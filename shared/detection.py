"""Finding faces and hands with MediaPipe.

MediaPipe's models were trained on photographs. A Gaussian blur gives flat art the soft gradients
that they look for, and padding gives a face that fills the picture the surroundings; each picture
is therefore looked at in several views, and a finding's score is the share of views that agree.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import mediapipe as mp
import numpy as np
import numpy.typing as npt
from mediapipe.python.solutions.face_mesh_connections import FACEMESH_FACE_OVAL

from shared.geometry import Box, Image, Points, shrunk
from shared.prompts import Detection, Label, Side

_LONG_SIDE = 1024
"""Views are made of the image scaled down to this: the models see 128 to 256 px anyway."""

_BLUR = 1 / 128
"""Gaussian sigma as a share of the long side; found 86% of 280 drawn avatars where RGB alone
found 55%."""

_PADDING = 0.25
_SAME = 0.4
"""Findings whose boxes meet with this IoU are one."""

_LEAST_VOTES = 2
"""Views that must agree. One alone sees a face in 16% of drawings without any, two in 9%."""

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


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One way to look at an image: the RGB pixels, and where the image lies in them.

    A point (x, y) of the view is ((x, y) - offset) / scale in the image.
    """

    pixels: Image
    offset: tuple[float, float]
    scale: tuple[float, float]

    def to_image(self, normalised: npt.NDArray[np.float32]) -> Points:
        """Points given as shares of the view's width and height, in image coordinates."""
        height, width = self.pixels.shape[:2]
        points = (normalised * (width, height) - self.offset) / self.scale
        return points.astype(np.float32)


class Detector:
    """Finds the wanted targets. Models are built once per thread, on first use."""

    def __init__(self, targets: frozenset[Label], max_instances: int) -> None:
        self._targets = targets
        self._models = _Models(max_instances)

    def detect(self, image: Image) -> list[Detection]:
        """All faces and hands in an RGB uint8 (h, w, 3) image, faces first."""
        views = _views(image)
        finders: dict[Label, Callable[[View], list[Detection]]] = {
            "face": self._faces,
            "hand": self._hands,
        }
        return [
            finding
            for label, find in finders.items()
            if label in self._targets
            for finding in _merged([find(view) for view in views])
        ]

    def _faces(self, view: View) -> list[Detection]:
        found = self._models.face_mesh.process(view.pixels).multi_face_landmarks or []
        return [
            Detection("face", 1.0, view.to_image(_normalised(landmarks)[FACE_OVAL]))
            for landmarks in found
        ]

    def _hands(self, view: View) -> list[Detection]:
        answer = self._models.hands.process(view.pixels)
        pairs = zip(answer.multi_hand_landmarks or [], answer.multi_handedness or [], strict=True)
        return [_hand(view.to_image(_normalised(points)), side) for points, side in pairs]


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


def _views(image: Image) -> list[View]:
    """The image blurred, as it is, and blurred with padding around."""
    plain = shrunk(image, _LONG_SIDE)
    scale = plain.shape[1] / image.shape[1], plain.shape[0] / image.shape[0]
    sigma = max(plain.shape[:2]) * _BLUR
    blurred = np.asarray(cv2.GaussianBlur(plain, (0, 0), sigma), np.uint8)
    margin = round(max(plain.shape[:2]) * _PADDING)
    padded = np.asarray(
        cv2.copyMakeBorder(
            blurred, margin, margin, margin, margin, cv2.BORDER_CONSTANT, value=(255, 255, 255)
        ),
        np.uint8,
    )
    return [
        View(blurred, (0, 0), scale),
        View(plain, (0, 0), scale),
        View(padded, (margin, margin), scale),
    ]


def _normalised(landmarks: Any) -> npt.NDArray[np.float32]:
    """MediaPipe's landmark list as a float32 (n, 2) array of shares of width and height."""
    return np.array([(mark.x, mark.y) for mark in landmarks.landmark], np.float32)


def _hand(joints: Points, handedness: Any) -> Detection:
    """A hand whose outline is the hull of its joints, each as thick as a finger."""
    thickness = _FINGER * float(np.linalg.norm(joints[_MIDDLE_KNUCKLE] - joints[_WRIST]))
    angles = np.arange(8) * (np.pi / 4)
    rim = np.column_stack([np.cos(angles), np.sin(angles)]) * thickness
    cloud = (joints[:, None, :] + rim).reshape(-1, 2).astype(np.float32)
    hull = np.asarray(cv2.convexHull(cloud), np.float32).reshape(-1, 2)
    # MediaPipe names the side as for a mirrored selfie; uploads are not mirrored.
    side: Side = "right" if handedness.classification[0].label == "Left" else "left"
    return Detection("hand", 1.0, hull, joints, side)


def _merged(findings_by_view: Sequence[Sequence[Detection]]) -> list[Detection]:
    """One detection per target, from the first view that has it, scored by the views' votes."""
    kept: list[Detection] = []
    votes: list[set[int]] = []
    for number, findings in enumerate(findings_by_view):
        for finding in findings:
            box = Box.around(finding.polygon)
            overlaps = [box.iou(Box.around(other.polygon)) for other in kept]
            if overlaps and max(overlaps) >= _SAME:
                votes[int(np.argmax(overlaps))].add(number)
            else:
                kept.append(finding)
                votes.append({number})
    views = len(findings_by_view)
    return [
        replace(finding, score=len(agreeing) / views)
        for finding, agreeing in zip(kept, votes, strict=True)
        if len(agreeing) >= _LEAST_VOTES
    ]
