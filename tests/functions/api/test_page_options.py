"""The options of the page: which faces stay, and how masks and cutouts are drawn."""

import io
import json
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from playwright.sync_api import Locator, Page, expect

from tests.functions.api.browsing import SOON, check_accessibility, keep, save
from tests.functions.api.editing import Editor, middle
from tests.functions.api.pictures_view import choose, finished_tile, opened
from tests.functions.api.service import PATH
from tools.support.examples import EXAMPLES

AVATAR = EXAMPLES / "avataaars_05.png"
SCENE = EXAMPLES / "scenes" / "scene_22.png"
SCENE_SIZE = (1600, 1200)


def _slide(slider: Locator, value: int) -> None:
    """Moves a slider, and releases it."""
    slider.fill(str(value))


def _cutout(page: Page, dialog: Locator) -> PillowImage.Image:
    button = dialog.get_by_role("button", name="Download cutout")
    return PillowImage.open(io.BytesIO(save(page, button)))


def _saved_result(page: Page, dialog: Locator) -> Any:
    dialog.get_by_role("button", name="More files").click()
    return json.loads(save(page, dialog.get_by_role("button", name="Download result.json of")))


def _alpha(cutout: PillowImage.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(cutout)[..., 3]


def test_new_pictures_get_the_chosen_options(page: Page) -> None:
    page.get_by_text("Which ones stay").click()
    page.get_by_role("spinbutton", name="At most").fill("2")
    page.get_by_label("Of more than that").select_option("the largest stay")
    page.get_by_text("Mask and cutout").click()
    page.locator("#more-options .choice", has_text="Box").click()
    expect(page.locator("#more-options")).to_contain_text("at most 2, largest first")
    expect(page.locator("#more-options")).to_contain_text("cropped to a box")
    check_accessibility(page)
    keep(page, "options.png")
    choose(page, SCENE)
    finished_tile(page, SCENE.name, "segmented")
    dialog = opened(page, SCENE.name)
    expect(dialog.locator(".instances tbody tr")).to_have_count(2)
    cutout, result = _cutout(page, dialog), _saved_result(page, dialog)
    x0, y0, x1, y1 = result["cutout_box"]
    assert cutout.size == (x1 - x0, y1 - y0) != SCENE_SIZE
    assert result["drawing"]["cutout"] == "box"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Reset").first.click()
    expect(page.get_by_role("spinbutton", name="At most")).to_have_value("20")
    page.get_by_role("button", name="Run again").click()
    finished_tile(page, SCENE.name, "segmented")
    expect(opened(page, SCENE.name).locator(".instances tbody tr")).to_have_count(6)


def test_the_masks_of_one_picture_are_drawn_in_another_way(page: Page) -> None:
    choose(page, AVATAR)
    finished_tile(page, AVATAR.name, "segmented")
    editor = Editor(page, opened(page, AVATAR.name))
    dialog = editor.dialog
    before = _alpha(_cutout(page, dialog))
    dialog.get_by_text("Mask and cutout").click()
    over = dialog.locator("img.over")
    shown = over.get_attribute("src")
    _slide(dialog.get_by_role("slider", name="Grow masks"), 12)
    expect(dialog.locator("#picture-drawing")).to_contain_text("grown by 12 px")
    expect(over).not_to_have_attribute("src", shown or "", timeout=SOON)
    grown = _alpha(_cutout(page, dialog))
    assert (grown > 0).sum() > 1.1 * (before > 0).sum()
    _slide(dialog.get_by_role("slider", name="Soft edge"), 20)
    dialog.locator(".choice", has_text="Square").click()
    dialog.get_by_label("Unit of: Padding").select_option("%")
    _slide(dialog.get_by_role("slider", name="Padding"), 25)
    expect(dialog.get_by_text("Drawing…")).to_have_count(0, timeout=SOON)
    cutout = _cutout(page, dialog)
    assert cutout.width == cutout.height
    check_accessibility(page)
    keep(page, "redrawn.png")
    dialog.get_by_role("button", name="Reset").click()
    expect(dialog.locator("#picture-drawing")).to_contain_text("default")
    expect(dialog.get_by_text("Drawing…")).to_have_count(0, timeout=SOON)
    assert (_alpha(_cutout(page, dialog)) == before).all()
