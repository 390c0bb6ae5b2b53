"""The page's view of the bucket: uploads from any source, and their states."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from local.stack import OUTPUT_BUCKET, Stack
from tests.functions.api.browsing import SOON, check_accessibility, keep, save
from tests.functions.api.bucket_view import (
    AVATAR,
    BLANK,
    REFRESH,
    ended_tile,
    opened,
    show_folder,
    tile_of,
)
from tools.support.pipeline import output, process, put

RARE = {
    "name": "rare.png", "generation": "1", "size": 1, "updated": "2026-01-01T00:00:00Z",
    "state": "failed", "to_review": False, "checked": False, "revision": 0, "result": "1",
}  # fmt: skip


@pytest.fixture
def bucket(page: Page) -> Page:
    """The page with the view of the bucket."""
    return opened(page)


def test_uploads_from_other_sources_appear_and_change_their_state(
    bucket: Page, system: Stack
) -> None:
    show_folder(bucket, "live/")
    expect(bucket.locator("#listing-status")).to_have_text("No uploads yet.")
    put(system, "live/avatar.png", AVATAR.read_bytes())
    bucket.evaluate(REFRESH)
    tile = ended_tile(bucket, "live/avatar.png", "segmented")
    expect(tile.locator("canvas")).to_be_visible()
    put(system, "live/notes.txt", b"no picture", "text/plain")
    bucket.evaluate(REFRESH)
    ended_tile(bucket, "live/notes.txt", "rejected")
    tile.click()
    dialog = bucket.get_by_role("dialog")
    expect(dialog.get_by_role("row", name="face-1")).to_be_visible()
    expect(dialog.locator("img.over")).to_have_js_property("naturalWidth", 512)
    dialog.get_by_role("button", name="More files").click()
    overlay = save(bucket, dialog.get_by_role("button", name="Download overlay.png"))
    assert overlay == output(system, "live/avatar.png/overlay.png")
    face = save(bucket, dialog.get_by_role("button", name="Save the cutout of face-1"))
    assert face == output(system, "live/avatar.png/face-1/cutout.png")
    keep(bucket, "result.png")
    bucket.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(tile.locator(".open")).to_be_focused()
    tile_of(bucket, "live/notes.txt").click()
    expect(dialog).to_contain_text("was uploaded as 'text/plain'")


def test_a_search_continues_until_it_finds_an_upload(bucket: Page) -> None:
    pages = {
        "": {"uploads": [], "folders": [], "next": "second", "complete": False},
        "second": {"uploads": [], "folders": [], "next": "third", "complete": False},
        "third": {"uploads": [RARE], "folders": [], "next": None, "complete": True},
    }

    def respond(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        (page,) = query.get("page", [""])
        route.fulfill(json=pages[page])

    bucket.route("**/v1/uploads?*contains=rare*", respond)
    bucket.get_by_role("combobox", name="Order").select_option("By name")
    bucket.get_by_label("Search in names").fill("rare")
    expect(tile_of(bucket, "rare.png")).to_be_visible()
    expect(bucket.get_by_role("button", name="First page")).to_be_enabled()


def test_numbers_of_a_large_bucket_are_those_of_its_first_part(bucket: Page) -> None:
    page = {"uploads": [RARE], "folders": [], "next": None, "complete": False}
    counts = {"states": {"failed": 20_000}, "review": {}, "complete": False}
    bucket.route("**/v1/uploads?*contains=huge*", lambda route: route.fulfill(json=page))
    bucket.route("**/v1/uploads/counts?*contains=huge*", lambda route: route.fulfill(json=counts))
    bucket.get_by_label("Search in names").fill("huge")
    expect(bucket.get_by_role("button", name="All more than 19,999")).to_be_visible()
    expect(bucket.get_by_role("button", name="Failed more than 19,999")).to_be_visible()
    expect(bucket.locator("#listing-status")).to_contain_text("too many uploads here")


def test_many_uploads_have_pages(bucket: Page, system: Stack) -> None:
    for number in range(70):
        put(system, f"many/{number:03}.png", BLANK)
    show_folder(bucket, "many/")
    bucket.get_by_role("combobox", name="Order").select_option("By name")
    expect(bucket.locator("#tiles [data-state=empty]")).to_have_count(60, timeout=SOON)
    bucket.get_by_role("button", name="Next page").click()
    expect(bucket.locator("#tiles .tile")).to_have_count(10)
    expect(bucket.locator("#tiles .tile").first).to_contain_text("060.png")
    expect(bucket.get_by_role("button", name="Next page")).to_be_disabled()
    bucket.get_by_role("button", name="First page").click()
    expect(bucket.locator("#tiles .tile").first).to_contain_text("000.png")


COUNT_OBJECT_URLS = """() => {
  const live = window.live = new Set();
  const [create, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
  URL.createObjectURL = (blob) => { const url = create(blob); live.add(url); return url; };
  URL.revokeObjectURL = (url) => { live.delete(url); revoke(url); };
}"""


def _await_object_urls(page: Page, at_most: int) -> None:
    """Waits until at most so many object URLs exist. Thumbnails revoke theirs after loading."""
    while page.evaluate("live.size") > at_most:
        page.wait_for_timeout(20)


def test_hidden_pictures_release_their_memory(bucket: Page, system: Stack) -> None:
    process(system, "memory/one.png", BLANK)
    process(system, "memory/two.png", AVATAR.read_bytes())
    bucket.evaluate(COUNT_OBJECT_URLS)
    show_folder(bucket, "memory/")
    for name in ("memory/one.png", "memory/two.png"):
        tile_of(bucket, name).click()
        dialog = bucket.get_by_role("dialog")
        over = dialog.locator("img.over")
        for view in ("Mask", "Overlay", "Cutout"):
            dialog.get_by_role("radio", name=view).check(force=True)
            expect(over).to_have_attribute("alt", f"{name}, {view.lower()}")
            expect(over).to_have_js_property("complete", value=True)
        dialog.get_by_role("button", name="Compare").click()
        expect(dialog.locator("img.under")).not_to_have_js_property("naturalWidth", 0)
        _await_object_urls(bucket, at_most=2)
        bucket.keyboard.press("Escape")
        _await_object_urls(bucket, at_most=0)


def test_reasons_to_review_are_displayed(bucket: Page, system: Stack) -> None:
    process(system, "doubt/cat.png", AVATAR.read_bytes())

    def doubt(route: Route) -> None:
        reason = {"code": "low-score", "message": "face-1 may be no face.", "instance": "face-1"}
        route.fulfill(json={**route.fetch().json(), "review": [reason]})

    def listed(route: Route) -> None:
        listing = route.fetch().json()
        uploads = [{**upload, "to_review": True} for upload in listing["uploads"]]
        route.fulfill(json={**listing, "uploads": uploads})

    bucket.route("**/v1/uploads/result?*", doubt)
    bucket.route("**/v1/uploads?*", listed)
    show_folder(bucket, "doubt/")
    tile = tile_of(bucket, "doubt/cat.png")
    expect(tile.locator(".badge")).to_have_text(["Done", "Check this"])
    tile.click()
    dialog = bucket.get_by_role("dialog")
    expect(dialog.locator(".badge")).to_have_text(["Done", "Check this"])
    expect(dialog.get_by_role("list", name="Reasons to check this result")).to_have_text(
        "face-1 may be no face."
    )
    check_accessibility(bucket)
    keep(bucket, "doubt.png")


def test_a_failed_download_displays_the_reason(bucket: Page, system: Stack) -> None:
    process(system, "gone/cat.png", AVATAR.read_bytes())
    show_folder(bucket, "gone/")
    tile_of(bucket, "gone/cat.png").click()
    bucket.get_by_role("button", name="More files").click(timeout=SOON)
    button = bucket.get_by_role("button", name="Download mask.png of gone/cat.png")
    system.storage.bucket(OUTPUT_BUCKET).blob("gone/cat.png/mask.png").delete()
    button.click()
    expect(bucket.get_by_role("dialog").get_by_role("alert")).to_contain_text(
        "mask.png is not there"
    )


def test_an_unreachable_service_is_reported(bucket: Page) -> None:
    bucket.route("**/v1/uploads*", lambda route: route.abort())
    bucket.evaluate(REFRESH)
    expect(bucket.locator("#listing-status")).to_contain_text("The service cannot be reached.")
