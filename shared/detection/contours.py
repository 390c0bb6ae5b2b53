"""Outlines of faces: of their visible parts, the oval of MediaPipe's Face Mesh, or an ellipse."""

from dataclasses import dataclass

import numpy as np

from shared.detection.face_models import MESH_SIDE, FaceModels
from shared.detection.proposals import Proposal
from shared.imaging.boxes import bounds_of, ellipse_in, iou
from shared.imaging.geometry import Polygon
from shared.imaging.pyramid import Pyramid
from shared.imaging.windows import blurred
from shared.networks.face_parts import outline_with
from shared.networks.skin import skin_outline
from shared.schemas.prompt import SKIN_ONLY, FacePart

_CONTEXTS = (1.4, 1.6)
"""Sides of the mesh's views, as multiples of the face's side. MediaPipe's own is 1.5; these lie
around it. Chosen by hand."""

_BLURS = (0.9, 2.0)
"""Gaussian sigmas in pixels of a view. A stronger blur softens flat art but removes small features.
Chosen by hand."""

_MIN_IOU = 0.5
"""An oval whose bounds have a greater IoU with the detectors' box outlines the same face. Lower
values accept ovals of other objects, higher ones replace good ovals by ellipses. Chosen by hand."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceOutline:
    """The outline of a face's parts, float32 (n, 2), in the image. Without parts, an oval."""

    polygon: Polygon
    parts: frozenset[FacePart] = frozenset()


def outline(
    pyramid: Pyramid, face: Proposal, models: FaceModels, parts: frozenset[FacePart]
) -> FaceOutline:
    """The outline of the parts where the drawn-face network sees the face's skin, else its oval."""
    oval = _oval(pyramid, face, models)
    angle = face.window(1.0).angle
    skin = skin_outline(pyramid, oval, angle, models.drawn_face)
    if skin is None:
        return FaceOutline(oval)
    if parts == SKIN_ONLY:
        return FaceOutline(skin.polygon, parts)
    others = parts - SKIN_ONLY
    together = outline_with(pyramid, skin.polygon, angle, models.face_parsing, others)
    return FaceOutline(together, parts)


def _oval(pyramid: Pyramid, face: Proposal, models: FaceModels) -> Polygon:
    """The median of Face Mesh's ovals over a few views, or an ellipse in the detectors' box.

    The bounds are halfway between the mesh's own and the box: on drawn faces the mesh has the
    better shape, the box the better position. If no oval overlaps the box enough, the mesh has
    found another object: then it is the ellipse.
    """
    ovals = []
    for context in _CONTEXTS:
        window = face.window(context)
        view = pyramid.view(window, MESH_SIDE)
        inputs = np.stack([blurred(view, sigma) for sigma in _BLURS])
        ovals += [window.to_image(oval / MESH_SIDE) for oval in models.ovals(inputs)]
    ovals = [oval for oval in ovals if iou(bounds_of(oval), face.box) > _MIN_IOU]
    if not ovals:
        return _ellipse(face)
    oval = np.median(ovals, axis=0)
    bounds = bounds_of(oval)
    target = (bounds + face.box) / 2
    scale = (target[2:] - target[:2]) / (bounds[2:] - bounds[:2])
    return ((oval - bounds[:2]) * scale + target[:2]).astype(np.float32)


def _ellipse(face: Proposal) -> Polygon:
    return face.window(1.0).to_image(ellipse_in(np.array([0.0, 0, 1, 1])))
