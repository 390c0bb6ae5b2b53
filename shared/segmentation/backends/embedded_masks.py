"""The masks of the embedded segmenter.

Three ways to a mask, on a scaled-down image. In flat art, a face is an area of one colour
(`shared/flat_art/face_region.py`). The drawn-face network sees the visible skin of a face, less
exactly, but also where colours are shaded (`shared/networks/skin.py`). What is no face that the
network knows, such as a hand, is cut out by GrabCut. The mask's edge is then refined on the
full-size image.
"""

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
import numpy.typing as npt

from shared.flat_art.face_region import FlatArea, flat_area
from shared.flat_art.skin import FLAT_ENOUGH, LabelledPoint
from shared.imaging.boxes import ellipse_in
from shared.imaging.geometry import (
    BoolMask,
    Image,
    Polygon,
    bounding_box,
    contains,
    fill_holes,
    image_box,
    mask_iou,
    polygon_mask,
    polygon_of,
    scaled,
)
from shared.imaging.morphology import morphed, parts
from shared.imaging.pyramid import Pyramid
from shared.networks.drawn_face import DrawnFaceNetwork
from shared.networks.logistic import log_odds_of, probability
from shared.networks.outlines import part_in
from shared.networks.skin import SkinOutline, skin_outline
from shared.runtime.resource_pool import ResourcePool
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt
from shared.segmentation.backends import grabcut
from shared.segmentation.backends.working_image import WorkingImage
from shared.segmentation.mask_selection import Candidate

_WITHOUT_BOX = 0.5
"""Margin around the positive points if there is no box, as a share of their longer extent. Chosen
by hand: a small margin cuts off the target, a large one includes its surroundings."""

_AGREEING = 0.9
"""IoU with the network's mask from which an area of one colour is the face: it is then the more
exact of the two. Below it, the area has leaked through a gap or misses what is shaded. Chosen by
hand: a lower value accepts leaks, a higher one loses the exact edge."""

_RELATED, _DEEP = 0.6, 0.025
"""Least IoU at which the two are the same face in most places. Where they then differ by less than
twice `_DEEP`, a share of the root of the mask's area, the area of one colour is the more exact one;
where they differ by more, it may leak or take ears, and `_SURE` counts. Chosen on the corpora of
docs/quality.md: a larger `_DEEP` accepts leaks, a smaller one loses exact edges."""

_SURE = 2.25
"""Least mean of the absolute log-odds at a place where the network overrules the area of one
colour. On the corpora of docs/quality.md, 1.5 to 3 give better masks than 0, by boundary F and by
good masks; 2 to 2.75 the best."""

_TOP, _CLEAR_TILT = 0.45, 0.88
"""A place lies above a face if its middle is higher than the face's by more than `_TOP`, a share of
the root of the face's area, in a cone of 90 degrees. It counts only if the network is so sure of
the tilt: of 182 upright avatars, 95% are; of those whose tilt it misjudges by more than 45 degrees,
after turns by 90 and 180 degrees, 5%."""

_SHADE, _LEAST_SHADE, _SEAM = 0.65, 0.004, 0.012
"""A patch of another colour is shaded skin if the network sees at least `_SHADE` of it as skin, and
it has at least `_LEAST_SHADE` of the face's area. `_SEAM`, a share of the area's root, is the
radius of the closing of seams between patches. On the corpora of docs/quality.md, `_SHADE` from 0.5
to 0.7 gives the same masks but for one in a hundred; higher values leave shaded jaws out."""

_PREDICTED, _LEAST = (0.31, 0.96, 0.04), 0.01
"""The predicted IoU of a face's mask: slopes for the log-odds of the IoU of the two masks and of
the network's stability, and the offset. Fitted to 331 faces (docs/quality.md, What `quality`
means); an IoU counts as at least `_LEAST` and at most 1 - `_LEAST`."""

_GRABCUT = 0.85
"""IoU of GrabCut's masks of faces where two with different seeds are the same. The three such masks
of the drawings in docs/quality.md have 0.81 to 0.91."""

_OUTLINED = 0.8
"""Predicted IoU of a mask that is an outline. Chosen by hand: such masks are worth a review."""

_BOX_MARGIN = 1.3
"""About the size of a prompt's box relative to the face in it."""

_MIN_HITS = 0.75
"""Least share of the positive points in the network's mask: with fewer it shows something else.
Chosen by hand."""


class EmbeddedMasks:
    """Finds masks. Safe to share between threads."""

    def __init__(self) -> None:
        self._networks = ResourcePool(DrawnFaceNetwork)

    def candidates(self, crop: Image, prompt: Prompt) -> Iterator[Candidate]:
        """Yields masks of the prompt's crop.

        A face with more parts than skin has its outline as the mask: points and a box do not say
        which parts.
        """
        left, top = prompt.crop.x0, prompt.crop.y0
        points = [(x - left, y - top, label) for x, y, label in prompt.points]
        box, outline = prompt.box.shifted(-left, -top), None
        if prompt.has_further_parts:
            outline = polygon_of(prompt.polygon) - np.array([left, top], np.float32)
        return self.segment(crop, points, box, outline)

    def segment(
        self,
        image: Image,
        points: Sequence[LabelledPoint],
        box: Box | None,
        outline: Polygon | None = None,
    ) -> Iterator[Candidate]:
        """Yields masks of the target that the points and the box describe, as SAM2 does.

        `image` is RGB uint8 (h, w, 3); all else is in its pixels. An ambiguous target gives several
        masks, the best first. Without a box, the surroundings of the positive points are used;
        without a box and positive points, the result is one empty mask. Points outside the image
        are ignored. With an outline, its inside is the mask.
        """
        working = _working_image(image, points, box)
        if working is None:
            return iter([Candidate(np.zeros(image.shape[:2], bool), 0.0)])
        if outline is not None:
            return iter([working.finished(Candidate(working.filled(outline), _OUTLINED))])
        return map(working.finished, self._candidates(working))

    def _candidates(self, working: WorkingImage) -> list[Candidate]:
        """Masks at working size."""
        image, points, target = working.pixels, working.points, working.target
        skin = self._skin(working)
        flat = flat_area(image, points, target)
        is_flat = flat.flatness >= FLAT_ENOUGH and flat.pixels.any()
        if skin is None:
            if is_flat:
                return [Candidate(flat.pixels, flat.flatness)]
            first, second, stability = grabcut.cut(image, points, target)
            return [Candidate(cut, _GRABCUT * stability) for cut in (first, second)]
        seen = polygon_mask(skin.polygon, image_box(image))
        agreement = mask_iou(flat.pixels, seen)
        evidence = log_odds_of(agreement, _LEAST), log_odds_of(skin.stability, _LEAST)
        predicted = probability(_PREDICTED, *evidence)
        if not is_flat or agreement < _RELATED:
            return [Candidate(seen, predicted)]
        face = _with_shades(flat, seen)
        if mask_iou(face, seen) < _AGREEING:
            face = _reconciled(face, seen, skin)
        return [Candidate(face, predicted)]

    def _skin(self, working: WorkingImage) -> SkinOutline | None:
        """The outline of the face's skin; None where the network does not see the points' face."""
        with self._networks.borrowed() as network:
            pyramid = Pyramid.of(working.pixels)
            skin = skin_outline(pyramid, _ellipse_in(working.target), 0.0, network)
        if skin is None:
            return None
        hits = [contains(skin.polygon, x, y) for x, y, label in working.points if label]
        return skin if not hits or np.mean(hits) >= _MIN_HITS else None


def _with_shades(flat: FlatArea, seen: BoolMask) -> BoolMask:
    """The area with the patches of other colours that the network sees as skin: shaded skin."""
    outside = np.where(flat.pixels, 0, flat.patches)
    sizes = np.bincount(outside.ravel())
    size = np.count_nonzero(flat.pixels)
    shades = np.bincount(outside[seen], minlength=len(sizes)) >= _SHADE * sizes
    shades &= sizes >= _LEAST_SHADE * size
    shades[0] = False
    if not shades.any():
        return flat.pixels
    whole = flat.pixels | shades[outside]
    closed = morphed(whole, cv2.MORPH_CLOSE, max(1, round(_SEAM * np.sqrt(size))))
    return part_in(flat.pixels, fill_holes(whole | (closed & seen)))


def _reconciled(flat: BoolMask, seen: BoolMask, skin: SkinOutline) -> BoolMask:
    """The area of one colour; as the network sees it where they differ much and it is sure.

    What lies above the network's mask is forehead: a network that sees the hair begin too low is
    sure of it.
    """
    radius = max(1, round(_DEEP * np.sqrt(np.count_nonzero(seen))))
    count, places, sizes = parts(morphed(flat ^ seen, cv2.MORPH_OPEN, radius))
    rows, columns = np.nonzero(places)
    labels = places[rows, columns]
    log_odds, y, x = (
        np.bincount(labels, values, count) / sizes
        for values in (skin.log_odds_in(image_box(seen))[rows, columns], rows, columns)
    )
    wrong = np.abs(log_odds) >= _SURE
    if skin.tilt_certainty >= _CLEAR_TILT:
        wrong &= (log_odds > 0) | ~_above(seen, np.stack([x, y]), skin.tilt)
    wrong[0] = False
    return part_in(seen, fill_holes(flat ^ wrong[places]))


def _above(face: BoolMask, places: npt.NDArray[np.float64], tilt: float) -> npt.NDArray[np.bool_]:
    """Which places, (x, y) of n, lie above a face of this tilt."""
    rows, columns = np.nonzero(face)
    x, y = places - np.array([[columns.mean()], [rows.mean()]])
    height = x * np.sin(tilt) - y * np.cos(tilt)
    aside = x * np.cos(tilt) + y * np.sin(tilt)
    return np.asarray((height > _TOP * np.sqrt(len(rows))) & (np.abs(aside) < height))


def _working_image(
    image: Image, points: Sequence[LabelledPoint], box: Box | None
) -> WorkingImage | None:
    """Scales the image down, without the points outside it. None without a target in it."""
    bounds = image_box(image)
    inside = [point for point in points if bounds.holds(point[0], point[1])]
    target = (box or _box_around(inside)).intersection(bounds)
    if target.width < 2 or target.height < 2:
        return None
    return WorkingImage.of(image, inside, target)


def _ellipse_in(box: Box) -> Polygon:
    """An ellipse of about the size of the face in a prompt's box."""
    return scaled(ellipse_in(np.array(box, np.float64)), 1 / _BOX_MARGIN)


def _box_around(points: Sequence[LabelledPoint]) -> Box:
    """Estimates the box from the points. Positive points lie well inside the target."""
    positive = np.array([(x, y) for x, y, label in points if label], np.float32).reshape(-1, 2)
    if not len(positive):
        return Box(0, 0, 0, 0)
    bounds = bounding_box(positive)
    margin = _WITHOUT_BOX * max(bounds.width, bounds.height)
    return bounds.widened(margin, margin)
