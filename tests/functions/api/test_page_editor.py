"""Corrections on the page: by mouse, by keys, by touch."""

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.functions.api.browsing import SOON, check_accessibility, keep
from tests.functions.api.editing import Editor, editor_of, middle
from tests.functions.api.service import PATH, pixels
from tools.support.examples import EXAMPLES

SCENE = EXAMPLES / "scenes" / "scene_22.png"
AVATAR = EXAMPLES / "avataaars_05.png"


@pytest.fixture
def scene(page: Page) -> Editor:
    """Six faces."""
    return editor_of(page, SCENE)


@pytest.fixture
def avatar(page: Page) -> Editor:
    return editor_of(page, AVATAR)


def test_faces_are_added_by_clicks_and_boxes(scene: Editor) -> None:
    truth = scene.boxes()
    assert len(truth) == 6
    for box in truth[2:]:
        scene.click(*middle(box))
        scene.page.keyboard.press("Delete")
        scene.expect_marks("selected", 0)
        scene.expect_instances(6 - truth[2:].index(box) - 1)
    scene.click(*middle(truth[2]))
    scene.expect_instances(3)
    scene.drag(*truth[3])
    scene.expect_instances(4)
    scene.click(*middle(truth[4]))
    scene.expect_instances(5)
    scene.drag(*truth[5])
    scene.expect_instances(6)
    keep(scene.page, "editor-six.png")
    found = scene.boxes()
    for before, after in zip(truth, found, strict=True):
        assert np.abs(np.subtract(before, after)).max() <= 12
    check_accessibility(scene.page)


def test_a_mask_is_cut_and_grown_by_clicks(avatar: Editor) -> None:
    (box,) = avatar.boxes()
    x, y = middle(box)
    avatar.click(x, y)
    avatar.expect_marks("selected", 1)
    edge = box[0] + (box[2] - box[0]) * 0.1
    avatar.click(edge, y, button="right")
    avatar.expect_marks("minus", 1)
    avatar.await_masks()
    cut = avatar.mask()
    assert not cut[int(y), int(edge)]
    assert cut[int(y), int(x)]
    avatar.click(edge, y)
    avatar.expect_marks("plus", 1)
    avatar.await_masks()
    avatar.page.keyboard.press("Escape")
    avatar.expect_marks("selected", 0)
    expect(avatar.dialog).to_be_visible()


def test_alt_takes_away_and_undo_brings_back(avatar: Editor) -> None:
    (box,) = avatar.boxes()
    x, y = middle(box)
    avatar.click(x, y)
    avatar.page.keyboard.down("Alt")
    avatar.click(box[0] + (box[2] - box[0]) * 0.1, y)
    avatar.page.keyboard.up("Alt")
    avatar.expect_marks("minus", 1)
    avatar.page.keyboard.press("Control+z")
    avatar.expect_marks("minus", 0)
    avatar.page.keyboard.press("Control+Shift+z")
    avatar.expect_marks("minus", 1)
    avatar.dialog.get_by_role("button", name="Undo").click()
    avatar.expect_marks("minus", 0)


def test_everything_works_by_keys(avatar: Editor) -> None:
    press = avatar.page.keyboard.press
    expect(avatar.stage).to_be_focused()
    press("ArrowLeft")
    press("Enter")  # on the face: selects it
    avatar.expect_marks("selected", 1)
    press("Delete")
    avatar.expect_instances(0)
    press("ArrowRight")
    press("Enter")
    avatar.expect_instances(1)
    press("Control+z")
    avatar.expect_instances(0)
    for _ in range(4):
        press("ArrowLeft")
        press("ArrowUp")
    press("b")
    for _ in range(8):
        press("ArrowRight")
        press("ArrowDown")
    press("Enter")
    avatar.expect_instances(1)
    press("Escape")  # ends the correction, the dialog stays
    expect(avatar.stage).not_to_have_class("stage editing")
    expect(avatar.dialog).to_be_visible()


def test_the_picture_is_zoomed_at_the_pointer_and_panned(avatar: Editor) -> None:
    (box,) = avatar.boxes()
    corner = (float(box[0]), float(box[1]))
    before = avatar.at(*corner)
    avatar.page.mouse.move(*before)
    avatar.page.mouse.wheel(0, -600)
    after = avatar.at(*corner)
    assert np.hypot(*np.subtract(before, after)) < 2, "the point under the pointer stays"
    wide = avatar.dialog.locator(".sheet").bounding_box()
    whole = avatar.stage.bounding_box()
    assert wide
    assert whole
    assert wide["width"] > 2 * whole["width"]
    avatar.page.mouse.down(button="middle")
    avatar.page.mouse.move(before[0] + 40, before[1] + 30)
    avatar.page.mouse.up(button="middle")
    moved = avatar.at(*corner)
    assert np.hypot(*np.subtract(moved, (after[0] + 40, after[1] + 30))) < 3
    avatar.dialog.get_by_role("button", name="Fit: show the whole picture").click()
    assert np.hypot(*np.subtract(avatar.at(*corner), before)) < 2


def test_an_error_leaves_the_result_as_it_was(avatar: Editor) -> None:
    avatar.page.route(
        f"**{PATH}",
        lambda route: route.fulfill(
            status=502,
            content_type="application/problem+json",
            json={"detail": "SAM2 refused.", "status": 502, "title": "", "code": "x"},
        ),
    )
    (box,) = avatar.boxes()
    avatar.click(2, 2)
    expect(avatar.dialog.get_by_text("SAM2 refused.")).to_be_visible()
    assert avatar.boxes() == [box]
    avatar.page.unroute(f"**{PATH}")
    avatar.click(*middle(box))
    avatar.expect_marks("selected", 1)


def test_the_threshold_leaves_out_what_scores_less(scene: Editor) -> None:
    slider = scene.dialog.get_by_role("slider", name="Least score")
    expect(slider).to_be_visible()
    slider.fill("1")
    expect(scene.dialog.locator(".instances tbody tr")).not_to_have_count(6, timeout=SOON)
    scene.dialog.get_by_role("button", name="Undo").click()
    scene.expect_instances(6)


def test_a_phone_corrects_by_taps(phone: Page) -> None:
    editor = editor_of(phone, AVATAR)
    (box,) = editor.boxes()
    x, y = middle(box)
    phone.touchscreen.tap(*editor.at(x, y))
    editor.expect_marks("selected", 1)
    editor.dialog.get_by_text("Take away").click()
    phone.touchscreen.tap(*editor.at(box[0] + (box[2] - box[0]) * 0.1, y))
    editor.expect_marks("minus", 1)
    keep(phone, "editor-phone.png")
    editor.dialog.get_by_role("button", name="Delete").click()
    editor.expect_instances(0)
    check_accessibility(phone)


def test_a_corrected_picture_is_saved_as_it_is_shown(avatar: Editor) -> None:
    avatar.click(8, 8)
    avatar.expect_instances(2)
    with avatar.page.expect_download() as download:
        avatar.dialog.get_by_role("button", name="Download cutout").click()
    alpha = pixels(download.value.path().read_bytes())[..., 3]
    expected = avatar.mask()
    assert ((alpha > 127) == expected).mean() > 0.99
