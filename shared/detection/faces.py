"""Finding faces: propose, look again, outline."""

from collections.abc import Iterable, Sequence
from itertools import islice

from shared.detection.blazeface import Sighting
from shared.detection.contours import outline
from shared.detection.detections import Detected, Detection
from shared.detection.face_models import FaceModels
from shared.detection.near_misses import parted
from shared.detection.proposals import merged, slide
from shared.detection.pyramid import Pyramid
from shared.detection.verification import Face, look_again
from shared.detection.windows import LADDER, ladder
from shared.flat_art.interior_points import inner_points
from shared.imaging.boxes import iou, overlap
from shared.imaging.geometry import image_box

_COARSE, _FINE = 2, len(LADDER)
_COARSE_BLURS = (0.6, 1.0, 1.6, 2.25)
_FINE_BLURS = (0.6, 1.6)
_FINEST_BLURS = (1.0,)
"""Blurs for the ladder's first two rungs, its others, and those that only large images have: what
finer rungs show is more."""

_MOST_PROPOSALS = 64
"""So many places are looked at again at the most, the best seen first …"""

_MISSES, _MISSED = 8, 0.1
"""… and none after so many in a row that score less: noise must not cost without bounds."""

_UNCHANGED = 0.7
"""What meets a place that was looked at again with this IoU needs no other look."""

_SURE_SCORE = 0.9
_CLOSE_UP = 0.35
"""A face that scores as much and is as large, as a share of the image's long side, makes the
image a close-up: finer rungs would show parts of a face."""

_INSIDE = 0.5
"""Of two faces that share more than this part of the smaller, the better scored one stays."""


def find_faces(pyramid: Pyramid, models: FaceModels, min_score: float) -> Detected:
    """All faces that score at least `min_score`, best first."""
    whole = image_box(pyramid.image)
    sides = ladder(whole)
    seen = slide(pyramid, sides[:_COARSE], _COARSE_BLURS, models)
    faces = _examined(pyramid, seen, (), models)
    large = _CLOSE_UP * max(whole.width, whole.height)
    if not any(face.score >= _SURE_SCORE and face.place.side >= large for face in faces):
        seen += slide(pyramid, sides[_COARSE:_FINE], _FINE_BLURS, models)
        faces = _examined(pyramid, seen, faces, models)
    finest = sides[_FINE:]
    if finest and not any(face.score >= _SURE_SCORE for face in faces):
        seen += slide(pyramid, finest, _FINEST_BLURS, models)
        faces = _examined(pyramid, seen, faces, models)
    found, near_misses = parted(_apart(faces), min_score)
    return Detected([_detection(pyramid, face, models) for face in found], near_misses)


def _examined(
    pyramid: Pyramid, seen: Iterable[Sighting], before: Sequence[Face], models: FaceModels
) -> list[Face]:
    """A second look at all that was seen, but for what `before` had one at."""
    faces: list[Face] = []
    for proposal in islice(merged(seen), _MOST_PROPOSALS):
        known = (face for face in before if iou(face.proposal.box, proposal.box) > _UNCHANGED)
        faces.append(next(known, None) or look_again(pyramid, proposal, models))
        if len(faces) >= _MISSES and all(face.score < _MISSED for face in faces[-_MISSES:]):
            break
    return faces


def _apart(faces: Iterable[Face]) -> list[Face]:
    """Best first, without those that lie in a better one."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda one: -one.score):
        if not any(overlap(face.place.box, other.place.box) > _INSIDE for other in kept):
            kept.append(face)
    return kept


def _detection(pyramid: Pyramid, face: Face, models: FaceModels) -> Detection:
    polygon = outline(pyramid, face.place, models)
    inner = inner_points(pyramid.image, polygon, face.place.features)
    return Detection("face", face.score, polygon, inner)
