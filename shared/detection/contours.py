"""A face's outline: MediaPipe's mesh, where it fits."""

import numpy as np

from shared.detection.face_models import MESH_SIDE, FaceModels
from shared.detection.proposals import Proposal
from shared.detection.pyramid import Pyramid
from shared.detection.windows import blurred
from shared.imaging.boxes import bounds_of, iou
from shared.imaging.geometry import Polygon

_CONTEXTS = (1.4, 1.6)
"""Sides of the mesh's views, as multiples of the face's: MediaPipe's own is 1.5."""

_BLURS = (0.9, 2.0)
"""Gaussian sigmas in pixels of a view."""

_FITS = 0.5
"""A mesh whose bounds meet the detectors' box with this IoU outlines the same face."""


def outline(pyramid: Pyramid, face: Proposal, models: FaceModels) -> Polygon:
    """Face Mesh's oval, the median over a few views, brought halfway to the detectors' box.

    On drawn faces the mesh has the better shape, the box the better place. Where they are far
    apart the mesh has taken something else for the face: then an ellipse in the box.
    """
    ovals = []
    for context in _CONTEXTS:
        window = face.window(context)
        view = pyramid.view(window, MESH_SIDE)
        shown = np.stack([blurred(view, sigma) for sigma in _BLURS])
        ovals += [window.to_image(oval / MESH_SIDE) for oval in models.ovals(shown)]
    ovals = [oval for oval in ovals if iou(bounds_of(oval), face.box) > _FITS]
    if not ovals:
        return _ellipse(face)
    oval = np.median(ovals, axis=0)
    bounds = bounds_of(oval)
    wanted = (bounds + face.box) / 2
    scale = (wanted[2:] - wanted[:2]) / (bounds[2:] - bounds[:2])
    return ((oval - bounds[:2]) * scale + wanted[:2]).astype(np.float32)


def _ellipse(face: Proposal) -> Polygon:
    angles = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    rim = np.column_stack([0.5 + 0.5 * np.sin(angles), 0.5 - 0.5 * np.cos(angles)])
    return face.window(1.0).to_image(rim.astype(np.float32))
