"""The page's view of the bucket: uploads come from anywhere, and one sees what becomes of them."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from local.stack import OUTPUT_BUCKET, Stack
from tests.functions.api.browsing import SOON, check_accessibility, keep, save
from tests.functions.api.bucket_view import AVATAR, BLANK, LOOK_AGAIN, ended_tile, opened, tile_of
from tools.support.pipeline import output, process, put


@pytest.fixture
def bucket(page: Page) -> Page:
    """That view."""
    return opened(page)


def test_what_others_upload_appears_and_changes_its_state(bucket: Page, system: Stack) -> None:
    bucket.get_by_label("Name begins with").fill("live/")
    expect(bucket.locator("#told")).to_have_text("There are no such uploads yet.")
    put(system, "live/avatar.png", AVATAR.read_bytes())
    bucket.evaluate(LOOK_AGAIN)
    tile = ended_tile(bucket, "live/avatar.png", "segmented")
    expect(tile.locator("img")).to_have_js_property("complete", value=True)
    put(system, "live/notes.txt", b"no picture", "text/plain")
    bucket.evaluate(LOOK_AGAIN)
    ended_tile(bucket, "live/notes.txt", "rejected")
    tile.click()
    dialog = bucket.get_by_role("dialog")
    expect(dialog.get_by_role("row", name="face-1")).to_be_visible()
    expect(dialog.locator("img.over")).to_have_js_property("naturalWidth", 512)
    overlay = save(bucket, dialog.get_by_role("button", name="Download overlay.png"))
    assert overlay == output(system, "live/avatar.png/overlay.png")
    face = save(bucket, dialog.get_by_role("button", name="Download face-1/cutout.png"))
    assert face == output(system, "live/avatar.png/face-1/cutout.png")
    expect(dialog.get_by_role("button", name="null")).to_have_count(0)
    keep(bucket, "result.png")
    bucket.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tile).to_be_focused()
    tile_of(bucket, "live/notes.txt").click()
    expect(dialog).to_contain_text("was uploaded as 'text/plain'")


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
    expect(tile_of(bucket, "rare.png")).to_be_visible()
    expect(bucket.get_by_role("button", name="First page")).to_be_enabled()


def test_many_uploads_come_in_pages(bucket: Page, system: Stack) -> None:
    for number in range(70):
        put(system, f"many/{number:03}.png", BLANK)
    bucket.get_by_label("Name begins with").fill("many/")
    expect(bucket.locator("#tiles .badge.empty")).to_have_count(60, timeout=SOON)
    bucket.get_by_role("button", name="Next page").click()
    expect(bucket.locator("#tiles .tile")).to_have_count(10)
    expect(bucket.locator("#tiles .tile").first).to_contain_text("many/060.png")
    expect(bucket.get_by_role("button", name="Next page")).to_be_disabled()
    bucket.get_by_role("button", name="First page").click()
    expect(bucket.locator("#tiles .tile").first).to_contain_text("many/000.png")


LIVE_ADDRESSES = """() => {
  const live = window.live = new Set();
  const [create, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
  URL.createObjectURL = (blob) => { const url = create(blob); live.add(url); return url; };
  URL.revokeObjectURL = (url) => { live.delete(url); revoke(url); };
}"""


def _await_addresses(page: Page, at_most: int) -> None:
    """Thumbnails give theirs back once they have loaded."""
    while page.evaluate("live.size") > at_most:
        page.wait_for_timeout(20)


def test_pictures_that_are_not_shown_take_no_memory(bucket: Page, system: Stack) -> None:
    process(system, "memory/one.png", BLANK)
    process(system, "memory/two.png", AVATAR.read_bytes())
    bucket.evaluate(LIVE_ADDRESSES)
    bucket.get_by_label("Name begins with").fill("memory/")
    for name in ("memory/one.png", "memory/two.png"):
        tile_of(bucket, name).click()
        over = bucket.get_by_role("dialog").locator("img.over")
        for view in ("Mask", "Overlay", "Cutout"):
            bucket.get_by_label(view, exact=True).check()
            expect(over).to_have_attribute("alt", f"{name}, {view.lower()}")
            expect(over).to_have_js_property("complete", value=True)
        _await_addresses(bucket, at_most=2)
        bucket.keyboard.press("Escape")
        _await_addresses(bucket, at_most=0)


def test_what_is_doubtful_about_a_result_is_told(bucket: Page, system: Stack) -> None:
    process(system, "doubt/cat.png", AVATAR.read_bytes())

    def doubt(route: Route) -> None:
        told = {"code": "low-score", "message": "face-1 may be no face.", "instance": "face-1"}
        route.fulfill(json={**route.fetch().json(), "review": [told]})

    def listed(route: Route) -> None:
        told = route.fetch().json()
        uploads = [{**upload, "to_review": True} for upload in told["uploads"]]
        route.fulfill(json={**told, "uploads": uploads})

    bucket.route("**/v1/uploads/result?*", doubt)
    bucket.route("**/v1/uploads?*", listed)
    bucket.get_by_label("Name begins with").fill("doubt/")
    tile = tile_of(bucket, "doubt/cat.png")
    expect(tile.locator(".badge")).to_have_text(["segmented", "to review"])
    tile.click()
    dialog = bucket.get_by_role("dialog")
    expect(dialog.locator(".badge")).to_have_text(["segmented", "to review"])
    expect(dialog.get_by_role("list", name="To review")).to_have_text("face-1 may be no face.")
    check_accessibility(bucket)
    keep(bucket, "doubt.png")


def test_a_download_that_fails_says_why(bucket: Page, system: Stack) -> None:
    process(system, "gone/cat.png", AVATAR.read_bytes())
    bucket.get_by_label("Name begins with").fill("gone/")
    tile_of(bucket, "gone/cat.png").click()
    button = bucket.get_by_role("button", name="Download mask.png of gone/cat.png")
    expect(button).to_be_visible(timeout=SOON)
    system.storage.bucket(OUTPUT_BUCKET).blob("gone/cat.png/mask.png").delete()
    button.click()
    expect(bucket.get_by_role("dialog").get_by_role("alert")).to_contain_text(
        "mask.png is not there"
    )


def test_a_service_that_is_gone_is_told(bucket: Page) -> None:
    bucket.route("**/v1/uploads*", lambda route: route.abort())
    bucket.evaluate(LOOK_AGAIN)
    expect(bucket.locator("#told")).to_contain_text("The service cannot be reached.")
