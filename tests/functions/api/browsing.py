"""What the tests of the page's two views share."""

from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

from tools.support.examples import ROOT

SOON = 60_000
"""Milliseconds within which the system has an answer, on a machine that does much else."""

_SCREENSHOTS = ROOT / ".toonmask" / "screenshots"


def keep(page: Page, name: str) -> None:
    """A picture of the page, from its top, for people to look at."""
    _SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=_SCREENSHOTS / name)


def save(page: Page, button: Locator) -> bytes:
    """The file that a button gives."""
    with page.expect_download() as saved:
        button.click()
    return Path(saved.value.path()).read_bytes()


def drop(page: Page, *files: Path) -> None:
    """Drops files and folders of this machine on the page, as from a file manager."""
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 200, "data": data})


def check_accessibility(page: Page) -> None:
    """axe finds nothing, however small."""
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["help"], one["nodes"][0]["html"]) for one in found] == []
