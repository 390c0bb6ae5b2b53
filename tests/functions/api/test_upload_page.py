"""Uploading from the page: straight into the bucket, replacing nothing unasked."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack
from tests.functions.api.browsing import check_accessibility, drop, keep
from tests.functions.api.bucket_view import AVATAR, BLANK, LOOK_AGAIN, ended_tile, opened, tile_of
from tools.support.examples import ROOT
from tools.support.pipeline import put


@pytest.fixture
def bucket(page: Page) -> Page:
    """That view."""
    return opened(page)


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
        ended_tile(bucket, f"album/2026/{name}", state, "#fresh")
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
    tile_of(bucket, f"album/2026/{AVATAR.name}").click()
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
    ended_tile(bucket, "twice/cat (2).png", "segmented", "#fresh")
    assert generation() == first
    _upload(bucket, "twice", cat)
    question.get_by_role("button", name="Replace it").click()
    ended_tile(bucket, "twice/cat.png", "segmented", "#fresh")
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
        ended_tile(bucket, name, "empty", "#fresh")
    expect(bucket.locator("#bucket-note")).to_have_text(
        "2 taken; left out 1 file that is no picture."
    )
    expect(bucket.locator("#fresh .tile")).to_have_count(2)
    stored = {blob.name for blob in system.storage.list_blobs(INPUT_BUCKET, prefix="dropped/")}
    assert stored == {"dropped/trip/a.png", "dropped/trip/day 1/b.png"}


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
