"""Verification of face proposals in flat art, where a face is an area of one colour.

The area and the drawn-face network's mask are found in different ways. On what is no face, they
rarely agree.
"""

from shared.flat_art.close_up import CloseUp
from shared.flat_art.face_region import flat_area
from shared.imaging.boxes import FloatBox, ellipse_in
from shared.imaging.geometry import image_box, mask_iou, polygon_mask, scaled
from shared.imaging.pyramid import Pyramid
from shared.networks.drawn_face import DrawnFaceNetwork
from shared.networks.logistic import log_odds_of
from shared.networks.skin import skin_outline

_CORE = 0.5
"""The part of the mask in which the skin's colour is searched: its outline scaled by this. Chosen
by hand: most of it shows skin, also where hair hides a part of the face."""

_FLAT = 0.4
"""Least flatness of the area (`find_skin`). Where shades vary more, the agreement says
little. Chosen by hand: drawings in one colour have 0.7 to 0.9."""

_LEAST = 0.02
"""The agreement counts as at most 1 - _LEAST. Chosen by hand."""


def flat_skin_log_odds(
    pyramid: Pyramid, box: FloatBox, angle: float, network: DrawnFaceNetwork
) -> float:
    """Log-odds of the agreement of colour and network at a face's place, at least 0.

    The agreement is the IoU of both masks times the stability of the network's. `box` and `angle`
    (radians, clockwise) are those of the face. 0 where the drawing is not flat, or where the two
    agree by less than half.
    """
    skin = skin_outline(pyramid, ellipse_in(box), angle, network)
    close_up = skin and CloseUp.of(pyramid.image, skin.polygon)
    if not skin or not close_up:
        return 0.0
    core = [(x, y, 1) for x, y in scaled(close_up.outline, _CORE).tolist()]
    area = flat_area(close_up.picture, core, close_up.target)
    if area.flatness < _FLAT:
        return 0.0
    seen = polygon_mask(close_up.outline, image_box(close_up.picture))
    agreement = mask_iou(area.pixels, seen) * skin.stability
    return max(0.0, log_odds_of(agreement, _LEAST))
