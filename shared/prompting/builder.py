"""Builds SAM2 prompts from detections: positive and negative points, box and crop window.

Deterministic: the same detections, image size and settings give the same prompts.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shared.detection.detections import Detection
from shared.imaging.geometry import (
    Polygon,
    bounding_box,
    contains,
    depths,
    polygon_mask,
    scaled,
)
from shared.prompting.selection import selected
from shared.schemas.box import Box
from shared.schemas.prompt import Label, Prompt, PromptOptions, ordered

_GRID = 128
"""Long side, in cells, of the grid of candidates for positive points. It makes the cost independent
of the size of a face. Cells are smaller than the precision that a prompt needs. Chosen by hand."""

_EDGE_MARGIN = 0.5
"""Minimum distance of positive points from the polygon's edge, as a share of its inradius. The
outline of a drawn face may be wrong by that much, and one positive point on hair can spoil the
mask. Of 1,552 points on faces with an outline made by eye, 1.8% are outside at 0.3, and 1.0% at 0.5
(together with `_MIN_DEPTH` of shared/flat_art/interior_points.py); higher values spread the points
less."""

_NEGATIVE_DISTANCE = 1.7
"""Scale of the ellipse of negative points, relative to the ellipse in the polygon's bounds. Drawn
faces are wider and taller than the oval that a model trained on photographs fits to them, so points
up to 1.5 may lie on the face. Chosen by hand."""

_NEGATIVE_DIRECTIONS = 8
"""Number of negative points around a face, at equal angles, before those outside the image or on
other faces are removed. Chosen by hand."""

_KEEP_OUT = 1.25
"""Negative points inside any instance's polygon scaled by this are removed, because drawn faces
extend beyond the oval. Lower values put negative points on other faces, higher ones leave fewer
points. Chosen by hand."""

_CONTEXT = 0.5
"""Margin of the window sent to SAM2, on each side of the box, as a share of its longer side. More
context makes the face smaller in SAM2's input. Chosen by hand."""


def build_prompts(
    detections: Sequence[Detection], image: Box, options: PromptOptions
) -> tuple[Prompt, ...]:
    """Prompts for the detections that `selected` chooses, numbered per label from left to right."""
    chosen = selected(detections, image, options)
    numbered = sorted(chosen, key=lambda d: (d.label, bounding_box(d.polygon)))
    polygons = [d.polygon for d in numbered]
    counts: Counter[Label] = Counter()
    prompts = []
    for detection in numbered:
        counts[detection.label] += 1
        name = f"{detection.label}-{counts[detection.label]}"
        prompts.append(build_prompt(name, detection, polygons, image, options))
    return tuple(prompts)


def build_prompt(
    name: str,
    detection: Detection,
    polygons: Sequence[Polygon],
    image: Box,
    options: PromptOptions,
) -> Prompt:
    """The prompt of one detection. `polygons` are the outlines of all instances in the image."""
    box = prompt_box(detection.polygon, image, options.box_expand)
    positive = positive_points(detection, image, options.positive_points)
    negative = negative_points(detection.polygon, polygons, image)
    return Prompt(
        id=name,
        label=detection.label,
        score=round(detection.score, 4),
        side=detection.side,
        parts=ordered(detection.parts),
        polygon=tuple((round(x, 2), round(y, 2)) for x, y in detection.polygon.tolist()),
        box=box,
        points=(*((x, y, 1) for x, y in positive), *((x, y, 0) for x, y in negative)),
        crop=crop_window(box, image),
    )


def prompt_box(polygon: Polygon, image: Box, expand: float) -> Box:
    """The polygon's bounds widened by `expand` of their size on each side, clipped to `image`."""
    bounds = bounding_box(polygon)
    return bounds.widened(expand * bounds.width, expand * bounds.height).intersection(image)


def crop_window(box: Box, image: Box) -> Box:
    """The box with context around it, clipped to `image`."""
    context = _CONTEXT * max(box.width, box.height)
    return box.widened(context, context).intersection(image)


def positive_points(detection: Detection, image: Box, count: int) -> tuple[tuple[int, int], ...]:
    """At most `count` well-spread pixels (x, y) on the target, inside `image`, away from the edge.

    Farthest-point sampling: each point is the candidate farthest from the points before it
    (Gonzalez, "Clustering to minimize the maximum intercluster distance", 1985). Fewer than
    `count` where the target is too small to hold as many.
    """
    candidates = _interior_pixels(detection, image)
    if not len(candidates) or count <= 0:
        return ()
    chosen = [0]
    distance = np.full(len(candidates), np.inf)
    while len(chosen) < min(count, len(candidates)):
        step = candidates - candidates[chosen[-1]]
        distance = np.minimum(distance, (step.astype(np.float64) ** 2).sum(axis=1))
        farthest = int(distance.argmax())
        if distance[farthest] == 0:
            break
        chosen.append(farthest)
    points = ((int(x), int(y)) for x, y in candidates[chosen])
    if detection.interior is not None:
        return tuple(points)
    # In a polygon thinner than a cell of the grid, rounding may move a point outside.
    return tuple((x, y) for x, y in points if contains(detection.polygon, x + 0.5, y + 0.5))


def negative_points(
    polygon: Polygon, polygons: Sequence[Polygon], image: Box
) -> tuple[tuple[int, int], ...]:
    """Pixels (x, y) around `polygon`, inside `image`, at a distance from all `polygons`.

    Points outside the image are left out, not clamped, because its border may cut a face.
    """
    keep_out = [scaled(other, _KEEP_OUT) for other in polygons]
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    middle, radius = (low + high) / 2, (high - low) / 2 * _NEGATIVE_DISTANCE
    points = []
    for step in range(_NEGATIVE_DIRECTIONS):
        angle = 2 * np.pi * step / _NEGATIVE_DIRECTIONS
        x, y = np.floor(middle + radius * (np.cos(angle), np.sin(angle))).astype(int).tolist()
        if image.holds(x, y) and not any(contains(other, x + 0.5, y + 0.5) for other in keep_out):
            points.append((x, y))
    return tuple(points)


def _interior_pixels(detection: Detection, image: Box) -> npt.NDArray[np.int64]:
    """Candidates for positive points, int64 (n, 2), those farthest from the edge first."""
    if detection.interior is not None:
        return _within(np.floor(detection.interior).astype(np.int64), image)
    bounds = bounding_box(detection.polygon)
    cell = max(1.0, max(bounds.width, bounds.height) / _GRID)
    origin = np.array([bounds.x0, bounds.y0], np.float32) - cell
    on_grid = ((detection.polygon - origin) / cell).astype(np.float32)
    extent = bounding_box(on_grid)
    mask = polygon_mask(on_grid, Box(0, 0, extent.x1 + 1, extent.y1 + 1))
    depth = depths(mask)
    ys, xs = np.nonzero(depth >= max(_EDGE_MARGIN * float(depth.max()), 1e-6))
    pixels = np.floor(origin + (np.column_stack([xs, ys]) + 0.5) * cell).astype(np.int64)
    return _within(pixels[np.argsort(-depth[ys, xs], kind="stable")], image)


def _within(pixels: npt.NDArray[np.int64], box: Box) -> npt.NDArray[np.int64]:
    inside = (pixels >= (box.x0, box.y0)) & (pixels < (box.x1, box.y1))
    return pixels[inside.all(axis=1)]
