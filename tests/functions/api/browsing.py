"""Helpers for the tests of both views of the page."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from tools.support.examples import ROOT

SOON = 60_000
"""Timeout for a result of the system, in milliseconds, on a machine with other load."""

_SCREENSHOTS = ROOT / ".toonmask" / "screenshots"


def keep(page: Page, name: str) -> None:
    """Saves a screenshot of the page for people, from its top."""
    _SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=_SCREENSHOTS / name)


def save(page: Page, button: Locator) -> bytes:
    """Returns the file that a button downloads."""
    with page.expect_download() as saved:
        button.click()
    return Path(saved.value.path()).read_bytes()


@contextmanager
def phone(browser: Browser, url: str, width: int, height: int) -> Iterator[Page]:
    """Opens the page on a phone of this size in CSS pixels."""
    with browser.new_context(
        viewport={"width": width, "height": height}, has_touch=True, is_mobile=True
    ) as context:
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("html[data-ready]", state="attached")
        yield page


def drop(page: Page, *files: Path) -> None:
    """Drops files and folders on the page, as from a file manager."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 200, "data": data})


def check_accessibility(page: Page) -> None:
    """Checks that axe reports no violation, once the colours have stopped changing."""
    page.evaluate("Promise.allSettled(document.getAnimations().map((each) => each.finished))")
    found = Axe().run(page).response["violations"]
    assert [(item["id"], item["help"], item["nodes"][0]["html"]) for item in found] == []
