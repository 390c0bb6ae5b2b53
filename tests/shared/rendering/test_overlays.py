import cv2
import numpy as np

from shared.imaging.geometry import polygon_mask
from shared.rendering import overlays
from shared.rendering.overlays import OverlayInstance
from shared.schemas.box import Box
from shared.segmentation.masks import Mask
from tools.support.shapes import IMAGE, ellipse

PICTURE = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
WINDOW = Box(80, 40, 220, 180)
MASK = Mask(WINDOW, polygon_mask(ellipse(150, 110, 40, 50), WINDOW))


def _drawn(mask: Mask = MASK) -> OverlayInstance:
    return OverlayInstance("face-1", "face", mask, mask.bounds or WINDOW)


def test_an_overlay_tints_the_mask_and_leaves_the_rest() -> None:
    overlay = overlays.overlay(PICTURE, [_drawn()]).to_array()
    assert (overlay[100:120, 140:160] != PICTURE[100:120, 140:160]).any(axis=2).all()
    assert (overlay[185:, :] == PICTURE[185:, :]).all()


def test_an_overlay_has_a_box_and_a_name() -> None:
    overlay = overlays.overlay(np.zeros_like(PICTURE), [_drawn()]).to_array()
    assert overlay[60, 110].any(), "the box's corner"
    plate = overlay[48:60, 110:140].reshape(-1, 3)
    assert len(np.unique(plate, axis=0)) > 2, "letters on a plate"


def test_an_overlay_of_many_is_the_overlays_of_each() -> None:
    """Although separate masks are drawn separately."""
    ovals = ellipse(65, 110, 40, 50), ellipse(240, 110, 40, 50)
    one, other = (_drawn(Mask(IMAGE, polygon_mask(oval, IMAGE))) for oval in ovals)
    both = overlays.overlay(PICTURE, [one, other])
    assert len(both.tiles) == 2
    alone = overlays.overlay(PICTURE, [one])
    assert (both.to_array()[:, :150] == alone.to_array()[:, :150]).all()
    assert (alone.to_array()[:, 150:] == PICTURE[:, 150:]).all()
    assert (both.to_array()[:, 150:] != PICTURE[:, 150:]).any()


def test_overlays_that_meet_are_drawn_over_one_another() -> None:
    """The second outline crosses the first tint."""
    ovals = ellipse(120, 110, 40, 50), ellipse(160, 110, 40, 50)
    drawn = [_drawn(Mask(IMAGE, polygon_mask(oval, IMAGE))) for oval in ovals]
    both = overlays.overlay(PICTURE, drawn)
    assert len(both.tiles) == 1
    first = overlays.overlay(PICTURE, drawn[:1]).to_array()
    assert (both.to_array()[:, :110] == first[:, :110]).all()
    assert (both.to_array()[110, 119:122] != first[110, 119:122]).any()


def test_a_preview_is_the_overlay_made_small() -> None:
    large = np.zeros((1500, 3000, 3), np.uint8)
    window = Box(1000, 300, 2000, 1300)
    mask = Mask(window, polygon_mask(ellipse(1500, 800, 400, 450), window))
    small = overlays.preview(large, [_drawn(mask)])
    assert small.shape == (512, 1024, 3)
    whole = cv2.resize(overlays.overlay(large, [_drawn(mask)]).to_array(), (1024, 512))
    inside, outside = (slice(200, 350), slice(430, 600)), (slice(460, 512), slice(0, 1024))
    assert np.abs(small[inside].astype(int) - whole[inside]).max() <= 2
    assert not small[outside].any()


def test_a_preview_of_what_is_smaller_than_its_pixels_is_drawn_all_the_same() -> None:
    thin = np.zeros((3, 9000, 3), np.uint8)
    dot = Mask(Box(8999, 2, 9000, 3), np.ones((1, 1), bool))
    nothing = Mask(Box(5, 0, 8, 3), np.zeros((3, 3), bool))
    assert overlays.preview(thin, [_drawn(dot), _drawn(nothing)]).shape == (1, 1024, 3)


def test_the_image_itself_is_not_drawn_on() -> None:
    before = PICTURE.copy()
    assert (overlays.overlay(PICTURE, [_drawn()]).to_array() != before).any()
    assert (before == PICTURE).all()


def test_without_instances_the_overlay_is_the_image() -> None:
    assert (overlays.overlay(PICTURE, []).to_array() == PICTURE).all()


def test_names_fit_into_images_of_any_size() -> None:
    for shape in ((1, 1, 3), (5, 300, 3), (300, 5, 3)):
        window = Box(0, 0, shape[1], shape[0])
        mask = Mask(window, np.ones(shape[:2], bool))
        overlay = overlays.overlay(np.zeros(shape, np.uint8), [_drawn(mask)]).to_array()
        assert overlay.shape == shape


def test_labels_cover_no_instance_even_if_they_are_small_and_close() -> None:
    """Overlays that differ only in the names are equal inside all boxes."""
    centres = ((60, 12), (60, 40), (90, 40), (150, 188), (288, 90))
    masks_ = [Mask(IMAGE, polygon_mask(ellipse(*centre, 10, 12), IMAGE)) for centre in centres]
    one, other = (
        overlays.overlay(
            PICTURE,
            [
                OverlayInstance(f"{name}-{number}", "face", mask, mask.bounds or WINDOW)
                for number, mask in enumerate(masks_, 1)
            ],
        ).to_array()
        for name in ("face", "hand")
    )
    differs = (one != other).any(axis=2)
    assert differs.any(), "the names"
    for mask in masks_:
        assert mask.bounds
        assert not differs[mask.bounds.slices].any()


def test_the_label_of_a_small_instance_is_smaller() -> None:
    large = np.zeros((1200, 1600, 3), np.uint8)
    heights = []
    for radius in (20, 300):
        window = Box(800 - radius, 600 - radius, 800 + radius, 600 + radius)
        mask = Mask(window, polygon_mask(ellipse(800, 600, radius, radius), window))
        overlay = overlays.overlay(large, [_drawn(mask)]).to_array()
        (rows,) = overlay[: 600 - radius - 4].any(axis=(1, 2)).nonzero()
        heights.append(len(rows))
    assert 8 <= heights[0] < heights[1] / 2
