"""The dialog with one picture: its stage, its instances, its files, by mouse and by keys."""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from local.stack import Stack
from tests.functions.api import browsing
from tests.functions.api.browsing import check_accessibility, keep, save
from tests.functions.api.pictures_view import (
    choose,
    dot_file,
    file_named,
    finished_tile,
    opened,
    respond_with,
    tile_of,
)
from tools.support.examples import EXAMPLES
from tools.support.pipeline import png

AVATAR = EXAMPLES / "avataaars_05.png"
SCENE = EXAMPLES / "scenes" / "scene_22.png"


def _colour(image: Locator) -> list[int]:
    """Returns the RGBA of the central pixel, as decoded by the browser."""
    return list(
        image.evaluate(
            """async (image) => {
              await image.decode();
              const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
              const context = canvas.getContext("2d");
              context.drawImage(image, 0, 0);
              const [x, y] = [image.naturalWidth / 2, image.naturalHeight / 2];
              return [...context.getImageData(x, y, 1, 1).data];
            }"""
        )
    )


@pytest.fixture
def avatar(page: Page) -> Locator:
    """The dialog with one face."""
    choose(page, AVATAR)
    finished_tile(page, AVATAR.name, "segmented")
    return opened(page, AVATAR.name)


@pytest.fixture
def scene(page: Page) -> Locator:
    """The dialog with six faces."""
    choose(page, SCENE)
    finished_tile(page, SCENE.name, "segmented")
    return opened(page, SCENE.name)


def _view(dialog: Locator, label: str) -> None:
    dialog.locator(".choice", has_text=label).click()
    expect(dialog.get_by_role("radio", name=label)).to_be_checked()


def test_the_stage_has_four_views(avatar: Locator) -> None:
    over = avatar.locator("img.over")
    assert _colour(over)[3] == 255, "the face's middle is in the cutout"
    _view(avatar, "Mask")
    expect(over).to_have_attribute("alt", f"{AVATAR.name}, mask")
    assert _colour(over) == [255, 255, 255, 255]
    _view(avatar, "Original")
    expect(over).to_have_attribute("alt", f"{AVATAR.name}, original")
    original = _colour(over)
    _view(avatar, "Overlay")
    expect(over).to_have_attribute("alt", f"{AVATAR.name}, overlay")
    assert _colour(over) != original


@pytest.mark.parametrize(
    ("label", "colour"), [("White", "rgb(255, 255, 255)"), ("Black", "rgb(0, 0, 0)")]
)
def test_the_stage_has_a_background(avatar: Locator, label: str, colour: str) -> None:
    stage = avatar.locator(".stage")
    expect(stage).to_have_css("background-image", re.compile("^repeating-conic-gradient"))
    _view(avatar, label)
    expect(stage).to_have_css("background-color", colour)
    expect(stage).to_have_css("background-image", "none")


def test_the_choices_hold_for_the_next_picture(avatar: Locator, page: Page) -> None:
    _view(avatar, "Mask")
    _view(avatar, "Black")
    page.keyboard.press("Escape")
    choose(page, SCENE)
    finished_tile(page, SCENE.name, "segmented")
    dialog = opened(page, SCENE.name)
    expect(dialog.get_by_role("radio", name="Mask")).to_be_checked()
    expect(dialog.locator(".stage")).to_have_css("background-color", "rgb(0, 0, 0)")


def test_the_slider_is_there_only_on_demand_and_starts_in_the_middle(
    avatar: Locator, page: Page
) -> None:
    slider, compare = avatar.get_by_role("slider"), avatar.get_by_role("button", name="Compare")
    expect(slider).to_be_hidden()
    compare.click()
    expect(slider).to_have_value("50")
    expect(avatar.locator("img.under")).not_to_have_js_property("naturalWidth", 0)
    box = avatar.locator(".stage").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    quarter = int(slider.input_value())
    assert quarter == pytest.approx(25, abs=2)
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_value(str(quarter + 1))
    keep(page, "compare.png")
    compare.click()
    expect(slider).to_be_hidden()


def test_an_original_that_the_browser_cannot_display_is_explained(page: Page) -> None:
    respond_with(page)
    choose(page, file_named("a.tif", b"II*\0"))
    finished_tile(page, "a.tif", "empty")
    dialog = opened(page, "a.tif")
    dialog.get_by_role("button", name="Compare").click()
    expect(dialog).to_contain_text("This browser cannot display the original.")
    expect(dialog.get_by_role("slider")).to_be_hidden()


def test_a_row_of_the_table_marks_its_face(scene: Locator, page: Page) -> None:
    mark, stage = scene.locator(".mark"), scene.locator(".stage")
    expect(mark).to_be_hidden()
    centres = set()
    for number in range(1, 7):
        scene.get_by_role("row", name=f"face-{number}").first.hover()
        expect(mark).to_be_visible()
        box, outer = mark.bounding_box(), stage.bounding_box()
        assert box
        assert outer
        assert outer["x"] <= box["x"] < box["x"] + box["width"] <= outer["x"] + outer["width"]
        centres.add((box["x"], box["y"]))
    assert len(centres) == 6
    keep(page, "marked.png")
    scene.get_by_role("button", name="Download cutout").hover()
    expect(mark).to_be_hidden()
    scene.get_by_role("checkbox", name="Keep face-3").focus()
    expect(mark).to_be_visible()
    scene.get_by_role("button", name="Close").focus()
    expect(mark).to_be_hidden()


def test_a_face_that_is_left_out_disappears_from_the_stage(avatar: Locator) -> None:
    over = avatar.locator("img.over")
    _view(avatar, "Mask")
    expect(over).to_have_attribute("alt", f"{AVATAR.name}, mask")
    before = over.get_attribute("src")
    avatar.get_by_role("checkbox", name="Keep face-1").uncheck()
    expect(over).not_to_have_attribute("src", before or "")
    assert _colour(over) == [0, 0, 0, 255]


def test_the_first_button_downloads_the_cutout_and_keys_open_the_menu(
    avatar: Locator, page: Page
) -> None:
    download = avatar.get_by_role("button", name="Download cutout")
    menu = avatar.get_by_role("button", name="More files")
    mask = avatar.get_by_role("button", name="Download mask.png")
    download.focus()
    page.keyboard.press("Tab")
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    expect(mask).to_be_visible()
    page.keyboard.press("Tab")
    expect(mask).to_be_focused()
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    assert saved.value.suggested_filename == "avataaars_05-mask.png"
    expect(mask).to_be_hidden()
    menu.click()
    page.keyboard.press("Escape")
    expect(mask).to_be_hidden()
    expect(avatar).to_be_visible()
    assert save(page, avatar.get_by_role("button", name="Save the cutout of face-1"))


def test_arrow_keys_and_buttons_show_the_neighbours(page: Page) -> None:
    respond_with(page)
    choose(page, *(dot_file(f"{number}.png") for number in range(3)))
    finished_tile(page, "2.png", "empty")
    dialog = opened(page, "0.png")
    dialog = page.locator("#picture")
    previous = dialog.get_by_role("button", name="Previous picture")
    following = dialog.get_by_role("button", name="Next picture")
    expect(previous).to_be_disabled()
    following.click()
    following.click()
    expect(dialog.get_by_role("heading")).to_have_text("2.png")
    expect(following).to_be_disabled()
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("heading")).to_have_text("1.png")
    expect(dialog).to_contain_text("2 of 3")
    dialog.get_by_role("radio", name="Mask").focus()
    page.keyboard.press("ArrowRight")
    expect(dialog.get_by_role("radio", name="Original")).to_be_checked()
    expect(dialog.get_by_role("heading")).to_have_text("1.png")
    dialog.get_by_role("button", name="Close").click()
    expect(tile_of(page, "1.png").locator(".open")).to_be_focused()


def test_details_are_folded(avatar: Locator) -> None:
    size = avatar.get_by_text(re.compile("^512 . 512 pixels$"))
    expect(size).to_be_hidden()
    avatar.get_by_text("Details").click()
    expect(size).to_be_visible()


def test_the_stage_has_its_size_before_its_picture(page: Page) -> None:
    respond_with(page, width=300, height=150)
    choose(page, dot_file("a.png"))
    finished_tile(page, "a.png", "empty")
    box = opened(page, "a.png").locator(".stage").bounding_box()
    assert box
    assert box["width"] / box["height"] == pytest.approx(2, rel=0.01)


COUNT_OBJECT_URLS = """() => {
  const live = window.live = new Set();
  const [create, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
  URL.createObjectURL = (blob) => { const url = create(blob); live.add(url); return url; };
  URL.revokeObjectURL = (url) => { live.delete(url); revoke(url); };
}"""


def test_a_closed_dialog_releases_its_pictures(page: Page) -> None:
    respond_with(page)
    page.evaluate(COUNT_OBJECT_URLS)
    choose(page, dot_file("a.png"), dot_file("b.png"))
    finished_tile(page, "b.png", "empty")
    dialog = opened(page, "a.png")
    for label in ("Mask", "Original"):
        _view(dialog, label)
    page.keyboard.press("Escape")
    opened(page, "a.png")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    while page.evaluate("live.size"):
        page.wait_for_timeout(20)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_dialog_is_accessible(scene: Locator, page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    scene.get_by_text("Details").click()
    check_accessibility(page)
    keep(page, f"picture-{scheme}.png")


@pytest.fixture
def phone(browser: Browser, system: Stack) -> Iterator[Page]:
    """The page on a phone, 320 CSS pixels wide, the smallest width of WCAG 2.2."""
    with browsing.phone(browser, system.page, 320, 640) as opened_page:
        yield opened_page


SMALL_TARGETS = """(least) => [...document.querySelectorAll(
    "button, summary, select, input[type=checkbox], input[type=radio], .button")]
  .map((element) => (element.matches("input") && element.closest("label")) || element)
  .filter((element) => element.checkVisibility({ visibilityProperty: true }))
  .filter((element) => { const { width, height } = element.getBoundingClientRect();
    return width && Math.min(width, height) < least; })
  .map((element) => element.outerHTML)"""


def _check_size(page: Page, least: int) -> None:
    """Checks that nothing scrolls horizontally, and that targets have this size in CSS pixels."""
    width = page.evaluate("innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelector('#picture').scrollWidth") <= width
    assert page.evaluate(SMALL_TARGETS, least) == []


def test_the_page_fits_on_a_phone_and_works_by_touch(phone: Page) -> None:
    _check_size(phone, 44)
    keep(phone, "phone-empty.png")
    options = phone.get_by_text("Options", exact=True)
    expect(phone.get_by_label("Hands")).to_be_hidden()
    options.tap()
    phone.get_by_label("Hands").tap()
    expect(phone.locator("#options-summary")).to_have_text("faces and hands, margin 15%")
    phone.get_by_text("Which ones stay").tap()
    phone.get_by_text("Mask and cutout").tap()
    phone.locator("#more-options .choice", has_text="Box").tap()
    _check_size(phone, 44)
    keep(phone, "phone-options.png")
    phone.locator("#more-options .choice", has_text="Full size").tap()
    options.tap()
    choose(phone, AVATAR, SCENE)
    finished_tile(phone, AVATAR.name, "segmented")
    finished_tile(phone, SCENE.name, "segmented")
    _check_size(phone, 44)
    keep(phone, "phone.png")
    tile_of(phone, SCENE.name).locator(".open").tap()
    dialog = phone.get_by_role("dialog", name=SCENE.name)
    box = dialog.bounding_box()
    assert box == {"x": 0, "y": 0, "width": 320, "height": 640}
    _check_size(phone, 44)
    keep(phone, "phone-picture.png")
    dialog.locator(".choice", has_text="Overlay").tap()
    expect(dialog.get_by_role("radio", name="Overlay")).to_be_checked()
    dialog.get_by_role("checkbox", name="Keep face-2").tap()
    expect(dialog).to_contain_text("1 instance is left out")
    dialog.get_by_role("button", name="More files").tap()
    expect(dialog.get_by_role("button", name="Download overlay.png")).to_be_in_viewport()
    _check_size(phone, 44)
    dialog.get_by_role("button", name="Export as dataset").tap()
    _check_size(phone, 44)
    keep(phone, "phone-export.png")
    phone.get_by_role("button", name="Cancel").tap()
    dialog.get_by_text("Mask and cutout", exact=True).tap()
    _check_size(phone, 44)
    dialog.get_by_text("Mask and cutout", exact=True).scroll_into_view_if_needed()
    keep(phone, "phone-drawing.png")
    dialog.get_by_role("button", name="Previous picture").tap()
    expect(phone.get_by_role("dialog", name=AVATAR.name)).to_be_visible()
    phone.get_by_role("button", name="Close").tap()
    phone.get_by_role("tab", name="Uploads").tap()
    _check_size(phone, 44)


def test_the_page_works_at_twice_its_size(scene: Locator, page: Page) -> None:
    """A zoom of 200% halves the window in CSS pixels."""
    page.set_viewport_size({"width": 600, "height": 450})
    _check_size(page, 24)
    scene.get_by_role("button", name="Save the mask of face-6").scroll_into_view_if_needed()
    scene.get_by_role("button", name="Close").click()
    _check_size(page, 24)


def test_views_are_tabs(page: Page) -> None:
    page.get_by_role("tab", name="Pictures").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tabpanel", name="Uploads")).to_be_visible()
    expect(page.get_by_role("tab", name="Uploads")).to_be_focused()


MOVING = """[...document.querySelectorAll("*")]
  .filter((element) => parseFloat(getComputedStyle(element).transitionDuration) > 0).length"""


def test_nothing_moves_for_users_who_prefer_that(page: Page) -> None:
    assert page.evaluate(MOVING) == 0
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(MOVING) > 0


def test_a_picture_of_extreme_shape_fits_the_stage(page: Page) -> None:
    choose(page, file_named("tall.png", png(np.full((3000, 10, 3), 200, np.uint8))))
    finished_tile(page, "tall.png", "empty")
    box = opened(page, "tall.png").locator(".stage").bounding_box()
    assert box
    assert box["height"] <= 900
