"""Finding faces: propose, look again, outline.

A face detector slides over the image in windows from coarse to fine. Wherever it saw something,
two detectors look again, at views that show the place upright, in the middle and at the size at
which they are most discerning: drawn faces are seen again in nearly all of them, chance patterns
in few. The score is what they then agree on. Face Mesh outlines what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from shared.face_points import inner_points
from shared.geometry import Box, Points, Polygon
from shared.models import LEAST_CONFIDENCE, Models, Range, Sighting
from shared.prompts import Detection
from shared.views import LADDER, Pyramid, Window, blurred, is_flat, ladder, mirrored, rung

_COARSE, _FINE = 2, len(LADDER)
_COARSE_BLURS = (1.2, 2.0, 3.2, 4.5)
_FINE_BLURS = (1.2, 3.2)
_FINEST_BLURS = (2.0,)
"""Gaussian sigmas in pixels of a view, for the ladder's first two rungs, its others, and those that
only large images have. The finer windows are many: they are shown less often."""

_FINEST_STEP = 0.75
"""How far apart the windows are that only large images have, as a share of their side. They are
shown only where no larger face was found: a page of small ones."""

_PROPOSED = 0.4
"""A sighting of this confidence makes a proposal."""

_MOST_PROPOSALS = 24
"""So many places are looked at again, the best seen first: noise must not cost without bounds."""

_SAME = 0.4
"""Sightings whose boxes meet with this IoU are of one face."""

_INSIDE = 0.5
"""Of two faces that share more than this part of the smaller, the better scored one stays."""

_CONTEXTS = (2.6, 3.4)
"""Sides of the second look's views, as multiples of the proposal's."""

_SECOND_LOOKS = ((2.0, False), (2.0, True), (0.0, False), (3.3, True), (0.0, True), (3.3, False))
"""Gaussian sigma in pixels of a view, and whether the view is mirrored, in the order in which they
are shown."""

_RANGES: tuple[Range, Range] = ("short", "full")

_MET_AGAIN = 0.3
"""What a view of the second look shows is the proposal if their boxes meet with this IoU."""

_SURE = (-1.2, 0.7)
"""Evidence (mean log-odds) below and above which the second look ends early. True faces reach more
than the first in all but 1% of cases; most other proposals do not."""

_HOPELESS = -2.2
"""Evidence below which a single view is enough: true faces reach 0.7 more in their first."""

_SIZE_WEIGHT, _SIZE_RANGE = 0.25, (20, 400)
"""Small windows are many, so chance has more occasions to draw a small face: log-odds grow with
the logarithm of the side, in pixels, between these limits."""

_SLOPE, _OFFSET = 3.0, 1.1
"""Logistic calibration of the evidence: fitted to generated avatars and clip art."""

_SURE_SCORE = 0.9
_CLOSE_UP = 0.25
"""A face that scores as much and is as large, as a share of the image's long side, makes the
image a close-up: finer windows would show parts of a face."""

_MESH_CONTEXTS = (1.6, 2.0)
_MESH_BLURS = (1.2, 2.6)
_MESH_FITS = 0.5
"""A mesh whose bounds meet the detectors' box with this IoU outlines the same face."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Where a face may be: a box and features as a `Sighting` has them, in image coordinates."""

    box: npt.NDArray[np.float64]
    features: Points

    @property
    def side(self) -> float:
        """The box's longer side."""
        return float(max(self.box[2:] - self.box[:2]))

    def window(self, context: float) -> Window:
        """A window around the proposal, `context` times as large, turned with its eyes."""
        x, y = (self.box[:2] + self.box[2:]) / 2
        across, down = self.features[1] - self.features[0]
        return Window((float(x), float(y)), self.side * context, float(np.arctan2(down, across)))


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A proposal that was looked at again: where it was then seen, and its score, 0..1."""

    proposal: Proposal
    score: float


def find_faces(pyramid: Pyramid, models: Models, min_score: float) -> list[Detection]:
    """All faces that score at least `min_score`, best first."""
    whole = Box.of_image(pyramid.image)
    shares = ladder(whole)
    seen = _slide(pyramid, shares[:_COARSE], _COARSE_BLURS, models)
    faces = _examined(pyramid, seen, models)
    large = _CLOSE_UP * max(whole.width, whole.height)
    if not any(face.score >= _SURE_SCORE and face.proposal.side >= large for face in faces):
        seen += _slide(pyramid, shares[_COARSE:_FINE], _FINE_BLURS, models)
        faces = _examined(pyramid, seen, models)
    finest = shares[_FINE:]
    if finest and not any(face.score >= _SURE_SCORE for face in faces):
        seen += _slide(pyramid, finest, _FINEST_BLURS, models, _FINEST_STEP)
        faces = _examined(pyramid, seen, models)
    return [
        _detection(pyramid, face, models)
        for face in _apart(face for face in faces if face.score >= min_score)
    ]


def look_again(pyramid: Pyramid, proposal: Proposal, models: Models) -> Face:
    """How sure two detectors are, over many views, that the proposal is a face, and where."""
    prior = _SIZE_WEIGHT * np.log(np.clip(proposal.side, *_SIZE_RANGE) / _SIZE_RANGE[1])
    windows = [proposal.window(context) for context in _CONTEXTS]
    views = [(window, pyramid.view(window)) for window in windows]
    odds: list[float] = []
    met: list[Sighting] = []
    evidence = 0.0
    for number, ((sigma, mirror), (window, view)) in enumerate(product(_SECOND_LOOKS, views), 1):
        shown = blurred(mirrored(view) if mirror else view, sigma)
        middle = _middle(proposal.side / window.side)
        for detector in _RANGES:
            seen = models.faces(shown, detector, LEAST_CONFIDENCE)
            again = [one for one in seen if _iou(one.box, middle) > _MET_AGAIN]
            best = max(again, key=lambda one: one.confidence, default=None)
            odds.append(_log_odds(best.confidence if best else LEAST_CONFIDENCE))
            if best:
                met.append(_in_image(best.mirrored if mirror else best, window))
        evidence = float(np.mean(odds) + prior)
        in_both = number % len(views) == 0
        if evidence < _HOPELESS or (in_both and not _SURE[0] < evidence < _SURE[1]):
            break
    score = float(1 / (1 + np.exp(-(_SLOPE * evidence + _OFFSET))))
    return Face(_mean(met) if met else proposal, score)


def _examined(pyramid: Pyramid, seen: Iterable[Sighting], models: Models) -> list[Face]:
    places = _merged(seen)[:_MOST_PROPOSALS]
    return [look_again(pyramid, place, models) for place in places]


def _slide(
    pyramid: Pyramid,
    shares: Sequence[float],
    blurs: Sequence[float],
    models: Models,
    step: float = 0.5,
) -> list[Sighting]:
    whole = Box.of_image(pyramid.image)
    found = []
    for window in (window for share in shares for window in rung(whole, share, step)):
        view = pyramid.view(window)
        if is_flat(view):
            continue
        for sigma in blurs:
            seen = models.faces(blurred(view, sigma), "short", _PROPOSED)
            found += [_in_image(face, window) for face in seen]
    return found


def _merged(sightings: Iterable[Sighting]) -> list[Proposal]:
    """One proposal for all sightings of a place: their weighted mean. The best seen come first."""
    left = sorted(sightings, key=lambda seen: -seen.confidence)
    merged: list[Proposal] = []
    while left:
        lead, group = left[0].box, left[:1]
        for _ in range(2):
            group = [seen for seen in left if _iou(seen.box, lead) > _SAME] or left[:1]
            lead = _mean(group).box
        merged.append(_mean(group))
        taken = set(map(id, group))
        left = [seen for seen in left if id(seen) not in taken]
    return merged


def _mean(group: Sequence[Sighting]) -> Proposal:
    """The sightings' mean place, weighted by confidence, and the median of their features."""
    weights = [seen.confidence for seen in group]
    box = np.average([seen.box for seen in group], axis=0, weights=weights)
    features = np.median([seen.features for seen in group], axis=0)
    return Proposal(box, features.astype(np.float32))


def _in_image(seen: Sighting, window: Window) -> Sighting:
    """What was seen in a window's view, in the image. Its box stays upright and keeps its size."""
    corners = seen.box.reshape(2, 2)
    (centre,) = window.to_image(corners.mean(axis=0, keepdims=True).astype(np.float32))
    half = (corners[1] - corners[0]) / 2 * window.side
    box = np.concatenate([centre - half, centre + half])
    return Sighting(box, window.to_image(seen.features), seen.confidence)


def _middle(share: float) -> npt.NDArray[np.float64]:
    """The box in a view's middle that is so large, as a share of the view's side."""
    return np.array([0.5 - share / 2, 0.5 - share / 2, 0.5 + share / 2, 0.5 + share / 2])


def _log_odds(confidence: float) -> float:
    held = min(max(confidence, LEAST_CONFIDENCE), 1 - LEAST_CONFIDENCE)
    return float(np.log(held / (1 - held)))


def _apart(faces: Iterable[Face]) -> list[Face]:
    """Best first, without those that lie in a better one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda one: -one.score):
        if not any(_overlap(face.proposal.box, other.proposal.box) > _INSIDE for other in kept):
            kept.append(face)
    return kept


def _detection(pyramid: Pyramid, face: Face, models: Models) -> Detection:
    outline = _outline(pyramid, face.proposal, models)
    inner = inner_points(pyramid.image, outline, face.proposal.features)
    return Detection("face", face.score, outline, inner)


def _outline(pyramid: Pyramid, proposal: Proposal, models: Models) -> Polygon:
    """Face Mesh's oval, the median over a few views, brought halfway to the detectors' box.

    On drawn faces the mesh has the better shape, the box the better place. Where they are far
    apart the mesh has taken something else for the face: then an ellipse in the box.
    """
    ovals = []
    for context in _MESH_CONTEXTS:
        window = proposal.window(context)
        view = pyramid.view(window)
        for sigma in _MESH_BLURS:
            found = [window.to_image(oval) for oval in models.ovals(blurred(view, sigma))]
            ovals += [oval for oval in found if _iou(_bounds(oval), proposal.box) > _MESH_FITS]
    if not ovals:
        return _ellipse(proposal)
    oval = np.median(ovals, axis=0)
    bounds = _bounds(oval)
    wanted = (bounds + proposal.box) / 2
    scale = (wanted[2:] - wanted[:2]) / (bounds[2:] - bounds[:2])
    return ((oval - bounds[:2]) * scale + wanted[:2]).astype(np.float32)


def _ellipse(proposal: Proposal) -> Polygon:
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    rim = np.column_stack([0.5 + 0.5 * np.sin(angles), 0.5 - 0.5 * np.cos(angles)])
    return proposal.window(1.0).to_image(rim.astype(np.float32))


def _bounds(points: Points) -> npt.NDArray[np.float64]:
    return np.concatenate([points.min(axis=0), points.max(axis=0)]).astype(np.float64)


def _iou(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    shared = _shared_area(one, other)
    return shared / max(_area(one) + _area(other) - shared, 1e-9)


def _overlap(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """The shared part of the smaller of two boxes."""
    return _shared_area(one, other) / max(min(_area(one), _area(other)), 1e-9)


def _shared_area(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return float(max(width, 0) * max(height, 0))


def _area(box: npt.NDArray[np.float64]) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))
