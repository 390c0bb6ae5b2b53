"""The page's view of the bucket: uploads come from anywhere, and one sees what becomes of them."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack
from tests.conftest import EXAMPLES, ROOT
from tests.functions.api.browsing import SOON, check_accessibility, keep, save
from tests.pipeline import output, png, put

AVATAR = EXAMPLES / "adventurer_02.png"
LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"
"""Instead of waiting until the page asks of itself, which it does every few seconds."""


@pytest.fixture
def bucket(page: Page) -> Page:
    """That view."""
    page.get_by_role("tab", name="Bucket").click()
    return page


def _tile(page: Page, name: str, where: str = "#tiles") -> Locator:
    return page.locator(f"{where} .tile", has=page.get_by_text(name, exact=True))


def _ended(page: Page, name: str, state: str, where: str = "#tiles") -> Locator:
    tile = _tile(page, name, where)
    expect(tile.locator(".badge")).to_have_text(state, timeout=SOON)
    return tile


def test_what_others_upload_appears_and_changes_its_state(bucket: Page, system: Stack) -> None:
    bucket.get_by_label("Name begins with").fill("live/")
    expect(bucket.locator("#told")).to_have_text("There are no such uploads yet.")
    put(system, "live/avatar.png", AVATAR.read_bytes())
    bucket.evaluate(LOOK_AGAIN)
    tile = _ended(bucket, "live/avatar.png", "segmented")
    expect(tile.locator("img")).to_have_js_property("complete", value=True)
    put(system, "live/notes.txt", b"no picture", "text/plain")
    bucket.evaluate(LOOK_AGAIN)
    _ended(bucket, "live/notes.txt", "rejected")
    tile.click()
    dialog = bucket.get_by_role("dialog")
    expect(dialog.get_by_role("row", name="face-1")).to_be_visible()
    expect(dialog.locator("img.over")).to_have_js_property("naturalWidth", 512)
    overlay = save(bucket, dialog.get_by_role("button", name="Download overlay.png"))
    assert overlay == output(system, "live/avatar.png/overlay.png")
    face = save(bucket, dialog.get_by_role("button", name="Download face-1/cutout.png"))
    assert face == output(system, "live/avatar.png/face-1/cutout.png")
    keep(bucket, "result.png")
    bucket.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tile).to_be_focused()
    _tile(bucket, "live/notes.txt").click()
    expect(dialog).to_contain_text("was uploaded as 'text/plain'")


def test_files_go_straight_into_the_bucket(bucket: Page, system: Stack, tmp_path: Path) -> None:
    to: list[str] = []
    bucket.on("request", lambda asked: to.append(asked.url) if asked.method == "PUT" else None)
    odd = tmp_path / "ünusual näme #1?.png"
    odd.write_bytes(AVATAR.read_bytes())
    bucket.get_by_label("Folder").fill("/album//2026/")
    expect(bucket.locator("#place")).to_have_text(f"gs://{INPUT_BUCKET}/album/2026/")
    bucket.locator("#bucket-files").set_input_files([AVATAR, odd, ROOT / "README.md"])
    for name, state in (
        (AVATAR.name, "segmented"),
        (odd.name, "segmented"),
        ("README.md", "rejected"),
    ):
        _ended(bucket, f"album/2026/{name}", state, "#fresh")
    assert len(to) == 3
    assert all(url.startswith(f"http://127.0.0.1:{system.storage_port}/") for url in to)
    stored = system.storage.bucket(INPUT_BUCKET).get_blob(f"album/2026/{odd.name}")
    assert (stored.content_type, stored.size) == ("image/png", AVATAR.stat().st_size)
    assert system.storage.bucket(OUTPUT_BUCKET).blob(f"album/2026/{odd.name}/mask.png").exists()
    bucket.get_by_label("Name begins with").fill("album/")
    bucket.get_by_label("State").select_option("rejected")
    expect(bucket.locator("#tiles .tile")).to_have_count(1)
    expect(bucket.locator("#tiles .tile")).to_contain_text("album/2026/README.md")
    bucket.get_by_label("State").select_option("")
    expect(bucket.locator("#tiles .tile")).to_have_count(3)
    for scheme in ("light", "dark"):
        bucket.emulate_media(color_scheme=scheme)
        check_accessibility(bucket)
    keep(bucket, "bucket.png")
    _tile(bucket, f"album/2026/{AVATAR.name}").click()
    expect(bucket.get_by_role("dialog").locator("img.over")).to_have_js_property(
        "naturalWidth", 512
    )
    check_accessibility(bucket)


def test_a_name_that_is_not_taken_is_told(bucket: Page, tmp_path: Path) -> None:
    file = tmp_path / "face-1"
    file.write_bytes(b"x")
    bucket.get_by_label("Folder").fill("cat.png")
    bucket.locator("#bucket-files").set_input_files(file)
    expect(bucket.locator("#fresh").get_by_role("alert")).to_contain_text("single faces")


def test_a_rare_state_is_looked_for_until_it_is_found(bucket: Page) -> None:
    upload = {"name": "rare.png", "generation": "1", "size": 1, "updated": "2026-01-01T00:00:00Z"}
    pages = {
        "": {"uploads": [], "next": "second"},
        "second": {"uploads": [], "next": "third"},
        "third": {"uploads": [{**upload, "state": "failed"}], "next": None},
    }

    def answer(route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        (page,) = asked.get("page", [""])
        route.fulfill(json=pages[page])

    bucket.route("**/v1/uploads?*state=failed*", answer)
    bucket.get_by_label("State").select_option("failed")
    expect(_tile(bucket, "rare.png")).to_be_visible()
    expect(bucket.get_by_role("button", name="First page")).to_be_enabled()


def test_many_uploads_come_in_pages(bucket: Page, system: Stack) -> None:
    empty = png(np.full((8, 8, 3), 255, np.uint8))
    for number in range(70):
        put(system, f"many/{number:03}.png", empty)
    bucket.get_by_label("Name begins with").fill("many/")
    expect(bucket.locator("#tiles .badge.empty")).to_have_count(60, timeout=SOON)
    bucket.get_by_role("button", name="Next page").click()
    expect(bucket.locator("#tiles .tile")).to_have_count(10)
    expect(bucket.locator("#tiles .tile").first).to_contain_text("many/060.png")
    expect(bucket.get_by_role("button", name="Next page")).to_be_disabled()
    bucket.get_by_role("button", name="First page").click()
    expect(bucket.locator("#tiles .tile").first).to_contain_text("many/000.png")
