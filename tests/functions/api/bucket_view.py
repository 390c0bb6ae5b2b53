"""Helpers for the tests of the page's view of the bucket."""

import numpy as np
from playwright.sync_api import Locator, Page, expect

from tests.functions.api.browsing import SOON
from tools.support.examples import EXAMPLES
from tools.support.pipeline import png

AVATAR = EXAMPLES / "adventurer_02.png"
BLANK = png(np.full((8, 8, 3), 255, np.uint8))


REFRESH = "document.dispatchEvent(new Event('visibilitychange'))"
"""A script that refreshes the page at once. It does so by itself every few seconds."""


def tile_of(page: Page, name: str, where: str = "#tiles ") -> Locator:
    """Returns the tile of an upload. `where` is the beginning of a selector of tiles."""
    return page.locator(f"{where}.tile", has=page.get_by_title(name, exact=True))


def ended_tile(page: Page, name: str, state: str, where: str = "#tiles") -> Locator:
    tile = tile_of(page, name, f"{where} [data-state={state}]")
    expect(tile).to_be_visible(timeout=SOON)
    return tile


def opened(page: Page) -> Page:
    """Opens the view and returns the page."""
    page.get_by_role("tab", name="Uploads").click()
    return page


def show_folder(page: Page, folder: str) -> None:
    """Opens a folder by its address; it may have no uploads yet."""
    page.evaluate("folder => { location.hash = `#bucket/${folder}`; }", folder)
    expect(page.locator("#path [aria-current]")).to_have_text(folder.split("/")[-2])


def show_only(page: Page, label: str) -> None:
    """Presses the button of a state or review, as soon as there are such uploads."""
    page.locator("#upload-filters").get_by_role("button", name=label).click(timeout=SOON)
