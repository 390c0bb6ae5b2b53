"""Folders, searches, filters and the order of uploads on the page."""

import pytest
from playwright.sync_api import Page, expect

from local.stack import Stack
from tests.functions.api.browsing import SOON, check_accessibility, keep
from tests.functions.api.bucket_view import AVATAR, BLANK, opened, show_folder, show_only, tile_of
from tools.support.pipeline import process, put


@pytest.fixture(scope="module")
def album(system: Stack) -> str:
    """A folder with an upload, and sub-folders with others, in the order in which they came."""
    process(system, "trip/first.png", AVATAR.read_bytes())
    for name in ("trip/day 1/Cät.png", "trip/day 1/b.png", "trip/day #2/c.png", "trip/last.png"):
        process(system, name, BLANK)
    put(system, "trip/day 1/notes.txt", b"no picture", "text/plain")
    return "trip/"


def _expect_path(page: Page, *names: str) -> None:
    expect(page.locator("#path a")).to_have_text(["All folders", *names])


@pytest.mark.usefixtures("album")
def test_folders_are_opened_by_tiles_and_left_by_their_path(page: Page) -> None:
    bucket = opened(page)
    bucket.locator("#folders").get_by_role("link", name="trip", exact=True).click(timeout=SOON)
    _expect_path(bucket, "trip")
    expect(bucket.locator("#folders .name")).to_have_text(["day #2", "day 1"])
    expect(bucket.locator("#tiles .name")).to_have_text(["last.png", "first.png"])
    expect(bucket.get_by_role("textbox", name="Folder")).to_have_value("trip")
    expect(bucket.locator("#upload-filters [aria-pressed=true]")).to_have_text("All 6")
    keep(bucket, "folders.png")
    check_accessibility(bucket)
    bucket.get_by_role("link", name="day #2").focus()
    bucket.keyboard.press("ArrowRight")
    expect(bucket.get_by_role("link", name="day 1")).to_be_focused()
    bucket.keyboard.press("Enter")
    _expect_path(bucket, "trip", "day 1")
    expect(bucket.locator("#tiles .tile")).to_have_count(3)
    expect(bucket.locator("#path [aria-current]")).to_be_focused()
    bucket.reload()
    _expect_path(bucket, "trip", "day 1")
    expect(bucket.locator("#tiles .tile")).to_have_count(3)
    bucket.go_back()
    _expect_path(bucket, "trip")
    bucket.get_by_role("link", name="day #2").click()
    expect(bucket.locator("#tiles .name")).to_have_text(["c.png"])
    bucket.get_by_role("link", name="All folders").click()
    _expect_path(bucket)
    expect(bucket.get_by_role("textbox", name="Folder")).to_have_value("")


def test_a_search_also_finds_uploads_in_sub_folders(page: Page, album: str) -> None:
    bucket = opened(page)
    show_folder(bucket, album)
    bucket.get_by_label("Search in names").fill("CÄT")
    expect(bucket.locator("#tiles .name")).to_have_text(["day 1/Cät.png"])
    expect(bucket.locator("#folders")).to_be_hidden()
    expect(bucket.locator("#upload-filters [aria-pressed=true]")).to_have_text("All 1")
    bucket.get_by_label("Search in names").fill("no such")
    expect(bucket.locator("#listing-status")).to_have_text("No matching uploads.")
    bucket.get_by_label("Search in names").fill("")
    show_only(bucket, "Rejected")
    expect(bucket.locator("#tiles .name")).to_have_text(["day 1/notes.txt"])
    show_only(bucket, "Nothing found")
    expect(bucket.locator("#tiles .tile")).to_have_count(4)
    show_only(bucket, "All")
    expect(bucket.locator("#folders .tile")).to_have_count(2)


def test_the_dialog_goes_through_uploads_in_the_order_of_the_list(page: Page, album: str) -> None:
    bucket = opened(page)
    show_folder(bucket, album)
    expect(bucket.locator("#tiles .name")).to_have_text(["last.png", "first.png"])
    tile_of(bucket, "trip/last.png").click()
    dialog = bucket.get_by_role("dialog")
    expect(dialog).to_contain_text("1 of 2")
    bucket.keyboard.press("ArrowRight")
    expect(dialog.locator("#picture-title")).to_have_text("trip/first.png")
    bucket.keyboard.press("Escape")
    bucket.get_by_role("combobox", name="Order").select_option("By name")
    expect(bucket.locator("#tiles .name")).to_have_text(["first.png", "last.png"])
    tile_of(bucket, "trip/first.png").click()
    expect(dialog).to_contain_text("1 of 2")


def test_a_phone_shows_folders_without_scrolling_sideways(page: Page, album: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    bucket = opened(page)
    show_folder(bucket, album)
    expect(bucket.locator("#tiles .tile")).to_have_count(2)
    assert bucket.evaluate("document.documentElement.scrollWidth") == 360
    keep(bucket, "folders-phone.png")
