"""Verification of face proposals: models look at views made for each proposal.

The views show the proposal upright and centred, with little and with much context. The detectors
confirm drawn faces in nearly all views, chance patterns in few.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from shared.detection.blazeface import RawDetection
from shared.detection.drawn_face_verification import verify_drawn_face
from shared.detection.face_models import (
    FULL_SIDE,
    MIN_CONFIDENCE,
    SHORT_SIDE,
    FaceModels,
)
from shared.detection.face_score import Evidence
from shared.detection.flat_skin_verification import flat_skin_log_odds
from shared.detection.litert_model import Pictures
from shared.detection.mtcnn_verification import mtcnn_log_odds
from shared.detection.proposals import Proposal, from_window
from shared.imaging.boxes import FloatBox, centred, iou
from shared.imaging.geometry import Image
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import Window, blurred, mirrored
from shared.networks.logistic import log_odds_of

_CONTEXTS = (4.4, 2.6)
"""Sides of the views, as multiples of the proposal's side. Two contexts far apart separate faces
from chance patterns better than more views do. Selected among all combinations of five contexts and
four transforms (docs/decisions.md)."""

_TRANSFORMS = ((0.0, False), (1.5, True))
"""Gaussian sigma in pixels of a view, and whether the view is mirrored: selected together with
`_CONTEXTS`."""

_MIN_IOU = 0.3
"""A raw detection confirms the proposal if their boxes' IoU is greater. Lower values accept
neighbouring faces, higher ones reject proposals with an inexact box. Chosen by hand."""

_SAME_PLACE = 0.5
"""With a greater IoU with the drawn-face network's box, MediaPipe's own location is kept: outlines
from it are a little better. With 0.65 the results are the same, without it some get worse."""

_CLEAR_EVIDENCE = (-1.0, 0.5)
"""Evidence (mean log-odds) at or below and at or above which one transform in both contexts
suffices. A wider range costs time, a narrower one decides on less evidence. Chosen by hand."""

_MIN_EVIDENCE = -1.9
"""Verification ends after any view if the evidence is lower. When this was chosen, no face that was
accepted in the end had less at any time. A higher value loses faces, a lower one costs time."""

_SIZE_WEIGHT, _SIZE_RANGE = 0.25, (20, 400)
"""Prior: log-odds grow with the logarithm of the proposal's side, in pixels, between these limits.
There are more small windows than large ones, so chance produces small false faces more often. A
greater weight loses small faces. Chosen by hand."""


@dataclass(frozen=True, slots=True, eq=False)
class VerifiedFace:
    """A proposal, the location of the face after verification, and the evidence for it.

    `MIN_SCORE` is compared to the score of the evidence (`face_score.py`).
    """

    proposal: Proposal
    location: Proposal
    evidence: Evidence

    @property
    def score(self) -> float:
        """The probability of a face, 0..1."""
        return self.evidence.score


def verify(pyramid: Pyramid, proposal: Proposal, models: FaceModels) -> VerifiedFace:
    """Scores the proposal and relocates it.

    MediaPipe's two detectors look at a few views. As long as the result is open, MTCNN's output
    network looks too, then the drawn-face network, then MediaPipe's detectors around the box that
    the network sees, and last comes the search for flat skin.
    """
    face = _verified_by_mediapipe(pyramid, proposal, models)
    if not face.evidence.is_decided:
        mtcnn = mtcnn_log_odds(pyramid, face.location, models.mtcnn)
        face = replace(face, evidence=replace(face.evidence, mtcnn=mtcnn))
    if not face.evidence.is_decided:
        drawn = verify_drawn_face(pyramid, face.location, models.drawn_face)
        face = replace(face, evidence=replace(face.evidence, drawn_face=drawn.log_odds))
        if drawn.log_odds > 0:
            face = _seen_again(pyramid, face, drawn.box, models)
        if not face.evidence.is_decided:
            angle = face.location.window(1.0).angle
            flat_skin = flat_skin_log_odds(pyramid, drawn.box, angle, models.drawn_face)
            face = replace(face, evidence=replace(face.evidence, flat_skin=flat_skin))
    return face


def _seen_again(
    pyramid: Pyramid, face: VerifiedFace, box: FloatBox, models: FaceModels
) -> VerifiedFace:
    """The face with what MediaPipe's detectors see around the drawn-face network's box.

    It is located there, unless MediaPipe has located it at about the same place.
    """
    there = replace(face.location, box=box)
    is_located = face.location is not face.proposal
    if not (is_located and iou(face.location.box, box) > _SAME_PLACE):
        face = replace(face, location=there)
    if face.evidence.is_decided:
        return face
    again = _verified_by_mediapipe(pyramid, there, models)
    mediapipe = max(face.evidence.mediapipe, again.evidence.mediapipe)
    return replace(face, evidence=replace(face.evidence, mediapipe=mediapipe))


def _verified_by_mediapipe(
    pyramid: Pyramid, proposal: Proposal, models: FaceModels
) -> VerifiedFace:
    """Scores the proposal by the two detectors' confidences over a few views, and relocates it."""
    prior = _SIZE_WEIGHT * np.log(np.clip(proposal.side, *_SIZE_RANGE) / _SIZE_RANGE[1])
    log_odds: list[float] = []
    confirmations: list[RawDetection] = []
    evidence = 0.0
    for view in _views(pyramid, proposal, models):
        pixels = len(view.picture)
        (detections,) = view.detect(view.picture[None], MIN_CONFIDENCE)
        side = pixels * proposal.side / view.window.side
        expected = centred(np.full(2, pixels / 2), np.full(2, side))
        best = next((found for found in detections if iou(found.box, expected) > _MIN_IOU), None)
        log_odds.append(log_odds_of(best.confidence if best else 0, MIN_CONFIDENCE))
        if best:
            unmirrored = best.mirrored(pixels) if view.mirrored else best
            confirmations.append(from_window(unmirrored, view.window, pixels))
        evidence = float(np.mean(log_odds) + prior)
        is_clear = not _CLEAR_EVIDENCE[0] < evidence < _CLEAR_EVIDENCE[1]
        if evidence < _MIN_EVIDENCE or (view.ends_transform and is_clear):
            break
    location = Proposal.mean(confirmations) if confirmations else proposal
    return VerifiedFace(proposal, location, Evidence(evidence))


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """A window's picture, its detector, and whether it is the last view of a transform."""

    picture: Image
    window: Window
    mirrored: bool
    detect: Callable[[Pictures, float], Sequence[Iterator[RawDetection]]]
    ends_transform: bool = False


def _views(pyramid: Pyramid, proposal: Proposal, models: FaceModels) -> Iterator[_View]:
    """Yields the views of a proposal, transform by transform."""
    # Reflection at the border completes a face that the border cuts. Elsewhere it would add
    # mirrored objects to the view.
    mirrors = _is_cut(proposal, pyramid.image)
    windows = [proposal.window(context) for context in _CONTEXTS]
    pictures = [pyramid.view(window, FULL_SIDE, mirrors=mirrors) for window in windows]
    for sigma, mirror in _TRANSFORMS:
        for window, picture in zip(windows, pictures, strict=True):
            large = blurred(mirrored(picture) if mirror else picture, sigma)
            small = np.asarray(cv2.resize(large, (SHORT_SIDE, SHORT_SIDE)), np.uint8)
            yield _View(small, window, mirror, models.short_range)
            yield _View(large, window, mirror, models.full_range, window is windows[-1])


def _is_cut(proposal: Proposal, image: Image) -> bool:
    """Whether the image's border cuts the proposal's box."""
    x0, y0, x1, y1 = proposal.box
    return bool(min(x0, y0) < 0 or x1 > image.shape[1] or y1 > image.shape[0])
