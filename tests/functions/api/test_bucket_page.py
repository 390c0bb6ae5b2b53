"""The page's view of the bucket: uploads come from anywhere, and one sees what becomes of them."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack
from tests.conftest import EXAMPLES, ROOT
from tests.functions.api.browsing import SOON, check_accessibility, drop, keep, save
from tests.pipeline import output, png, process, put

AVATAR = EXAMPLES / "adventurer_02.png"
BLANK = png(np.full((8, 8, 3), 255, np.uint8))
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
    expect(dialog.get_by_role("button", name="null")).to_have_count(0)
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
    bucket.get_by_role("textbox", name="Folder").fill("/album//2026/")
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
    bucket.get_by_role("textbox", name="Folder").fill("cat.png")
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


def _upload(page: Page, folder: str, *files: FilePayload) -> None:
    """By the file chooser."""
    page.get_by_role("textbox", name="Folder").fill(folder)
    page.locator("#bucket-files").set_input_files(list(files))


def test_nothing_is_replaced_unless_somebody_says_so(bucket: Page, system: Stack) -> None:
    def generation() -> int:
        return int(system.storage.bucket(INPUT_BUCKET).get_blob("twice/cat.png").generation)

    cat = FilePayload(name="cat.png", mimeType="image/png", buffer=AVATAR.read_bytes())
    put(system, "twice/cat.png", BLANK)
    first = generation()
    question = bucket.get_by_role("dialog", name="There is an upload of this name already")
    _upload(bucket, "twice", cat)
    expect(question).to_contain_text("twice/cat.png")
    check_accessibility(bucket)
    keep(bucket, "exists.png")
    bucket.keyboard.press("Escape")
    expect(bucket.locator("#fresh")).to_contain_text("Skipped")
    assert generation() == first
    _upload(bucket, "twice", cat)
    question.get_by_role("button", name="Keep both").click()
    _ended(bucket, "twice/cat (2).png", "segmented", "#fresh")
    assert generation() == first
    _upload(bucket, "twice", cat)
    question.get_by_role("button", name="Replace it").click()
    _ended(bucket, "twice/cat.png", "segmented", "#fresh")
    assert generation() > first


def test_one_answer_serves_for_all_that_are_there_already(bucket: Page, system: Stack) -> None:
    names = [f"{number}.png" for number in range(5)]
    for name in names:
        put(system, f"all/{name}", BLANK)
    files = [FilePayload(name=name, mimeType="image/png", buffer=BLANK) for name in names]
    _upload(bucket, "all", *files)
    question = bucket.get_by_role("dialog", name="There is an upload of this name already")
    question.get_by_label("Do the same with all others").check()
    question.get_by_role("button", name="Skip it").click()
    expect(bucket.locator("#fresh .tile", has_text="Skipped")).to_have_count(5)
    expect(question).to_be_hidden()


def test_who_comes_second_is_told(bucket: Page, system: Stack) -> None:
    def overtake(route: Route) -> None:
        if route.request.method == "PUT":
            put(system, "race/cat.png", BLANK)
        route.continue_()

    bucket.route("**/upload/storage/**", overtake)
    _upload(bucket, "race", FilePayload(name="cat.png", mimeType="image/png", buffer=b"late"))
    alert = bucket.locator("#fresh").get_by_role("alert")
    expect(alert).to_contain_text("came first, and was not replaced")
    assert system.storage.bucket(INPUT_BUCKET).blob("race/cat.png").download_as_bytes() == BLANK


def test_a_folder_is_uploaded_with_the_pictures_in_it(
    bucket: Page, system: Stack, tmp_path: Path
) -> None:
    (tmp_path / "trip" / "day 1").mkdir(parents=True)
    for place in ("a.png", "day 1/b.png", ".hidden.png", "notes.txt"):
        (tmp_path / "trip" / place).write_bytes(BLANK)
    bucket.get_by_role("textbox", name="Folder").fill("dropped")
    drop(bucket, tmp_path / "trip")
    for name in ("dropped/trip/a.png", "dropped/trip/day 1/b.png"):
        _ended(bucket, name, "empty", "#fresh")
    expect(bucket.locator("#bucket-note")).to_have_text(
        "2 taken; left out 1 file that is no picture."
    )
    expect(bucket.locator("#fresh .tile")).to_have_count(2)
    stored = {blob.name for blob in system.storage.list_blobs(INPUT_BUCKET, prefix="dropped/")}
    assert stored == {"dropped/trip/a.png", "dropped/trip/day 1/b.png"}


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
        _tile(bucket, name).click()
        over = bucket.get_by_role("dialog").locator("img.over")
        for view in ("Mask", "Overlay", "Cutout"):
            bucket.get_by_label(view, exact=True).check()
            expect(over).to_have_attribute("alt", f"{name}, {view.lower()}")
            expect(over).to_have_js_property("complete", value=True)
        _await_addresses(bucket, at_most=2)
        bucket.keyboard.press("Escape")
        _await_addresses(bucket, at_most=0)


def test_many_fresh_uploads_are_followed_with_few_requests(bucket: Page, system: Stack) -> None:
    asked: list[dict[str, list[str]]] = []
    listed: list[dict[str, object]] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(json={"url": f"{system.page}there"})
            return
        query = parse_qs(urlsplit(route.request.url).query)
        asked.append(query)
        found = listed if query.get("limit") == ["200"] else []
        route.fulfill(json={"uploads": found, "next": None})

    bucket.route("**/v1/uploads*", answer)
    bucket.route("**/there", lambda route: route.fulfill(body=""))
    names = [f"fresh/{number:02}.png" for number in range(30)]
    files = [FilePayload(name=name[6:], mimeType="image/png", buffer=BLANK) for name in names]
    _upload(bucket, "fresh", *files)
    expect(bucket.locator("#fresh .badge")).to_have_count(30)
    asked.clear()
    bucket.evaluate(LOOK_AGAIN)
    while len({query["prefix"][0] for query in asked if query.get("limit") == ["1"]}) < 30:
        bucket.wait_for_timeout(100)
        bucket.evaluate(LOOK_AGAIN)
    rounds = "".join("1" if query.get("limit") == ["1"] else " " for query in asked).split()
    assert max(map(len, rounds)) <= 8, "one by one, in each round"
    upload = {"generation": "1", "size": 1, "updated": "2026-01-01T00:00:00Z", "state": "rejected"}
    listed += [{**upload, "name": name} for name in names]
    asked.clear()
    bucket.evaluate(LOOK_AGAIN)
    expect(bucket.locator("#fresh .badge.rejected")).to_have_count(30)
    assert {"prefix": ["fresh/"], "limit": ["200"]} in asked


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
    tile = _tile(bucket, "doubt/cat.png")
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
    _tile(bucket, "gone/cat.png").click()
    button = bucket.get_by_role("button", name="Download mask.png of gone/cat.png")
    expect(button).to_be_visible(timeout=SOON)
    system.storage.bucket(OUTPUT_BUCKET).blob("gone/cat.png/mask.png").delete()
    button.click()
    expect(bucket.get_by_role("dialog").get_by_role("alert")).to_contain_text(
        "mask.png is not there"
    )


def test_a_listing_from_before_an_upload_tells_nothing_about_it(bucket: Page) -> None:
    """It has the object that the upload replaced."""
    old = {"size": 1, "updated": "2026-01-01T00:00:00Z", "state": "rejected", "to_review": False}
    generation = ["7"]

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(json={"url": "/there"})
            return
        upload = {**old, "name": "again.png", "generation": generation[0]}
        route.fulfill(json={"uploads": [upload], "next": None})

    bucket.route("**/v1/uploads*", answer)
    bucket.route("**/there", lambda route: route.fulfill(json={"generation": "8"}))
    _upload(bucket, "", FilePayload(name="again.png", mimeType="image/png", buffer=BLANK))
    expect(bucket.locator("#fresh .badge")).to_have_text("working")
    for _ in range(3):
        with bucket.expect_response("**/v1/uploads*"):
            bucket.evaluate(LOOK_AGAIN)
    expect(bucket.locator("#fresh .badge")).to_have_text("working")
    generation[0] = "8"
    bucket.evaluate(LOOK_AGAIN)
    expect(bucket.locator("#fresh .badge")).to_have_text("rejected")


def test_a_service_that_is_gone_is_told(bucket: Page) -> None:
    bucket.route("**/v1/uploads*", lambda route: route.abort())
    bucket.evaluate(LOOK_AGAIN)
    expect(bucket.locator("#told")).to_contain_text("The service cannot be reached.")
