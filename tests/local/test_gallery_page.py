"""The gallery in a real browser, opened from the file system."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from local import gallery
from tests import chromium
from tests.functions.api.browsing import check_accessibility, keep
from tests.local.finished import finish
from tools.support.examples import EXAMPLES, ROOT

AVATAR = EXAMPLES / "avataaars_05.png"
DOUBT = {"code": "low-score", "message": "face-1 may be no face.", "instance": "face-1"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium.running() as running:
        yield running


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """A gallery with six results of this run and one of an earlier run."""
    pictureless = {"status": "rejected", "outputs": None, "reason": None}
    reason = {"code": "unsupported-type", "message": "It is a text file."}
    finish(tmp_path, "earlier.png", review=[DOUBT])
    finish(tmp_path, "a sure.png")
    finish(tmp_path, "b doubtful.png", review=[DOUBT])
    finish(tmp_path, "c nothing.png", status="empty")
    finish(tmp_path, "d notes.txt", **{**pictureless, "reason": reason})
    finish(tmp_path, "e unsure.png", review=[DOUBT], status="degraded")
    finish(tmp_path, f"{'long' * 30}.png")
    names = [folder.name for folder in tmp_path.iterdir() if folder.name != "earlier.png"]
    shutil.copyfile(ROOT / "README.md", tmp_path / "notes.txt")
    newest = {name: tmp_path / "notes.txt" if name == "d notes.txt" else AVATAR for name in names}
    index = gallery.write(tmp_path, newest)
    with browser.new_context(viewport={"width": 1200, "height": 900}) as context:
        opened = context.new_page()
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("requestfailed", lambda request: errors.append(request.url))
        opened.goto(index.as_uri())
        yield opened
        assert errors == []


def _shown(page: Page) -> list[str]:
    """Returns the beginnings of the names of the results that are shown, in their order."""
    names = page.locator(".tile:visible h3").all_text_contents()
    return [name.split()[0].split(".")[0][:4] for name in names]


def test_states_are_counted_and_filtered(page: Page) -> None:
    choices = page.locator(".choice")
    expect(choices).to_have_text(
        ["All 7", "Check this 3", "Done 4", "Degraded 1", "Nothing found 1", "Rejected 1"]
    )
    assert _shown(page) == ["a", "b", "c", "d", "e", "long", "earl"]
    for label, names in (
        ("Check this", ["b", "e", "earl"]),
        ("Degraded", ["e"]),
        ("Rejected", ["d"]),
        ("Done", ["a", "b", "long", "earl"]),
    ):
        choices.filter(has_text=label).click()
        assert _shown(page) == names
    choices.filter(has_text="Rejected").click()
    expect(page.get_by_role("heading", name="Earlier runs")).to_be_hidden()


def test_results_to_check_come_first_on_demand(page: Page) -> None:
    page.get_by_label("Check first").check()
    assert _shown(page) == ["b", "e", "a", "c", "d", "long", "earl"]
    page.get_by_label("Check first").uncheck()
    assert _shown(page) == ["a", "b", "c", "d", "e", "long", "earl"]


def test_filters_work_with_the_keyboard(page: Page) -> None:
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="All 7")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Check this 3")).to_be_checked()
    assert _shown(page) == ["b", "e", "earl"]


def test_results_without_instances_have_no_empty_pictures(page: Page) -> None:
    def kinds(name: str) -> list[str]:
        tile = page.locator(".tile", has=page.get_by_role("heading", name=name))
        return [text.strip() for text in tile.locator("a").all_text_contents()]

    assert kinds("a sure.png") == ["overlay", "cutout", "mask", "original"]
    assert kinds("c nothing.png") == ["original"]
    assert kinds("d notes.txt") == ["original"]
    expect(page.locator(".tile", has_text="d notes.txt").locator("img")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_gallery_is_accessible(page: Page, scheme: Any) -> None:
    page.emulate_media(color_scheme=scheme)
    check_accessibility(page)
    keep(page, f"gallery-{scheme}.png")
    dark = "rgb(20, 25, 26)"
    expect(page.locator("html")).to_have_css(
        "background-color", dark if scheme == "dark" else "rgb(250, 247, 242)"
    )


def test_the_gallery_fits_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    keep(page, "gallery-phone.png")


def test_the_words_are_those_of_the_page() -> None:
    texts = (ROOT / "functions/api/page/texts.js").read_text()
    for status, label in gallery.LABELS.items():
        assert f'{status}: "{label}"' in texts
    assert f'review: "{gallery.REVIEW}"' in texts
