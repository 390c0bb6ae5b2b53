"""Detection of faces: proposals, verification, non-maximum suppression, outlines."""

from collections.abc import Iterable, Sequence
from itertools import islice

from shared.detection.blazeface import RawDetection
from shared.detection.contours import outline
from shared.detection.detections import Detection, Detections
from shared.detection.face_models import FaceModels
from shared.detection.near_misses import split_by_score
from shared.detection.proposals import Proposal, detect_raw, fuse_proposals
from shared.detection.suppression import suppress_overlaps
from shared.detection.verification import VerifiedFace, verify
from shared.detection.windows import WINDOW_SCALES, window_sides
from shared.flat_art.interior_points import interior_points
from shared.imaging.boxes import iou, whole_box
from shared.imaging.geometry import image_box
from shared.imaging.pyramid import Pyramid
from shared.schemas.prompt import SKIN_ONLY, FacePart

_COARSE, _FINE = 2, len(WINDOW_SCALES)
"""Ends of the coarse and the fine scales in the list of window sides."""

_COARSE_BLURS = (0.6, 1.0, 1.6, 2.25)
_FINE_BLURS = (0.6, 1.6)
_FINEST_BLURS = (1.0,)
"""Gaussian sigmas for the two coarse scales, the other fixed scales, and those that only large
images have. Fine scales have fewer, because a fine scale has more pixels and so costs more. Chosen
by hand."""

_MAX_PROPOSALS = 64
"""Maximum number of proposals that are verified, the most confident first. Bounds the time for an
image; an image with more faces loses the rest. Chosen by hand."""

_MAX_MISSES, _MISS_SCORE = 8, 0.1
"""Verification ends after so many proposals in a row that score less than `_MISS_SCORE`. Bounds the
time for images of noise; lower limits lose faces behind false proposals. Chosen by hand."""

_UNCHANGED_IOU = 0.7
"""A proposal whose IoU with a verified one is greater reuses its result. Lower values save time and
reuse results of other positions. Chosen by hand."""

_SURE_SCORE = 0.9
_CLOSE_UP = 0.35
"""A face of at least this score, and of at least this share of the image's long side, makes the
image a close-up. Finer scales are then skipped: they would show parts of that face. Lower values
save time and lose small faces beside a large one. Chosen by hand."""


def find_faces(
    pyramid: Pyramid,
    models: FaceModels,
    min_score: float,
    parts: frozenset[FacePart],
    *,
    with_candidates: bool = False,
) -> Detections:
    """All faces that score at least `min_score`, best first, with the outline of the parts."""
    accepted, near_misses = split_by_score(verified_faces(pyramid, models), min_score)

    def detected(faces: Sequence[VerifiedFace]) -> list[Detection]:
        return [face_detection(pyramid, f.location, f.score, models, parts) for f in faces]

    candidates = tuple(detected(near_misses)) if with_candidates else ()
    boxes = [whole_box(face.location.box) for face in near_misses]
    return Detections(detected(accepted), boxes, candidates)


def verified_faces(pyramid: Pyramid, models: FaceModels) -> list[VerifiedFace]:
    """All verified proposals, best first, of which no two overlap."""
    image = image_box(pyramid.image)
    sides = window_sides(image)
    raw = detect_raw(pyramid, sides[:_COARSE], _COARSE_BLURS, models)
    faces = _verified(pyramid, raw, (), models)
    close_up_side = _CLOSE_UP * max(image.width, image.height)
    if not any(face.score >= _SURE_SCORE and face.location.side >= close_up_side for face in faces):
        raw += detect_raw(pyramid, sides[_COARSE:_FINE], _FINE_BLURS, models)
        faces = _verified(pyramid, raw, faces, models)
    finest = sides[_FINE:]
    if finest and not any(face.score >= _SURE_SCORE for face in faces):
        raw += detect_raw(pyramid, finest, _FINEST_BLURS, models)
        faces = _verified(pyramid, raw, faces, models)
    return suppress_overlaps(faces, lambda face: face.location.box)


def _verified(
    pyramid: Pyramid,
    raw_detections: Iterable[RawDetection],
    known_faces: Sequence[VerifiedFace],
    models: FaceModels,
) -> list[VerifiedFace]:
    """Verifies the proposals that are not among `known_faces`, and reuses the results of others."""
    faces: list[VerifiedFace] = []
    for proposal in islice(fuse_proposals(raw_detections), _MAX_PROPOSALS):
        known = (
            face for face in known_faces if iou(face.proposal.box, proposal.box) > _UNCHANGED_IOU
        )
        faces.append(next(known, None) or verify(pyramid, proposal, models))
        last = faces[-_MAX_MISSES:]
        if len(faces) >= _MAX_MISSES and all(face.score < _MISS_SCORE for face in last):
            break
    return faces


def face_detection(
    pyramid: Pyramid,
    face: Proposal,
    score: float,
    models: FaceModels,
    parts: frozenset[FacePart],
) -> Detection:
    """The face at a place, with the outline of its parts."""
    seen = outline(pyramid, face, models, parts)
    interior = None
    if parts == SKIN_ONLY:
        interior = interior_points(pyramid.image, seen.polygon, face.features)
    return Detection("face", score, seen.polygon, interior, parts=seen.parts)
