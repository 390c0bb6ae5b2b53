"""Uploads from the page: directly to the bucket, and no replacement without a question."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import FilePayload, Page, Route, expect

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack
from tests.functions.api.browsing import check_accessibility, drop, keep
from tests.functions.api.bucket_view import (
    AVATAR,
    BLANK,
    REFRESH,
    ended_tile,
    opened,
    show_folder,
    show_only,
    tile_of,
)
from tools.support.examples import ROOT
from tools.support.pipeline import put


@pytest.fixture
def bucket(page: Page) -> Page:
    """The page with the view of the bucket."""
    return opened(page)


def test_files_go_directly_to_the_bucket(bucket: Page, system: Stack, tmp_path: Path) -> None:
    to: list[str] = []
    bucket.on(
        "request", lambda request: to.append(request.url) if request.method == "PUT" else None
    )
    odd = tmp_path / "ünusual näme #1?.png"
    odd.write_bytes(AVATAR.read_bytes())
    bucket.get_by_role("textbox", name="Folder").fill("/album//2026/")
    expect(bucket.locator("#target")).to_have_text(f"gs://{INPUT_BUCKET}/album/2026/")
    bucket.locator("#bucket-files").set_input_files([AVATAR, odd, ROOT / "README.md"])
    for name, state in (
        (AVATAR.name, "segmented"),
        (odd.name, "segmented"),
        ("README.md", "rejected"),
    ):
        ended_tile(bucket, f"album/2026/{name}", state, "#recent")
    assert len(to) == 3
    assert all(url.startswith(f"http://127.0.0.1:{system.storage_port}/") for url in to)
    stored = system.storage.bucket(INPUT_BUCKET).get_blob(f"album/2026/{odd.name}")
    assert (stored.content_type, stored.size) == ("image/png", AVATAR.stat().st_size)
    assert system.storage.bucket(OUTPUT_BUCKET).blob(f"album/2026/{odd.name}/mask.png").exists()
    show_folder(bucket, "album/")
    show_only(bucket, "Rejected")
    expect(bucket.locator("#tiles .tile")).to_have_count(1)
    expect(bucket.locator("#tiles .tile")).to_contain_text("2026/README.md")
    show_only(bucket, "All")
    bucket.get_by_role("link", name="2026").click()
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


def test_a_refused_name_is_reported(bucket: Page, tmp_path: Path) -> None:
    file = tmp_path / "face-1"
    file.write_bytes(b"x")
    bucket.get_by_role("textbox", name="Folder").fill("cat.png")
    bucket.locator("#bucket-files").set_input_files(file)
    expect(bucket.locator("#recent").get_by_role("alert")).to_contain_text("reserved for faces")


def _upload(page: Page, folder: str, *files: FilePayload) -> None:
    """Uploads files through the file chooser."""
    page.get_by_role("textbox", name="Folder").fill(folder)
    page.locator("#bucket-files").set_input_files(list(files))


def test_nothing_is_replaced_without_a_choice(bucket: Page, system: Stack) -> None:
    def generation() -> int:
        return int(system.storage.bucket(INPUT_BUCKET).get_blob("twice/cat.png").generation)

    cat = FilePayload(name="cat.png", mimeType="image/png", buffer=AVATAR.read_bytes())
    put(system, "twice/cat.png", BLANK)
    first = generation()
    question = bucket.get_by_role("dialog", name="An upload of this name exists already")
    _upload(bucket, "twice", cat)
    expect(question).to_contain_text("twice/cat.png")
    check_accessibility(bucket)
    keep(bucket, "exists.png")
    bucket.keyboard.press("Escape")
    expect(bucket.locator("#recent")).to_contain_text("Skipped")
    assert generation() == first
    _upload(bucket, "twice", cat)
    question.get_by_role("button", name="Keep both").click()
    ended_tile(bucket, "twice/cat (2).png", "segmented", "#recent")
    assert generation() == first
    _upload(bucket, "twice", cat)
    question.get_by_role("button", name="Replace").click()
    ended_tile(bucket, "twice/cat.png", "segmented", "#recent")
    assert generation() > first


def test_one_choice_may_hold_for_all_existing_uploads(bucket: Page, system: Stack) -> None:
    names = [f"{number}.png" for number in range(5)]
    for name in names:
        put(system, f"all/{name}", BLANK)
    files = [FilePayload(name=name, mimeType="image/png", buffer=BLANK) for name in names]
    _upload(bucket, "all", *files)
    question = bucket.get_by_role("dialog", name="An upload of this name exists already")
    question.get_by_label("Do the same for all others").check()
    question.get_by_role("button", name="Skip").click()
    expect(bucket.locator("#recent .tile", has_text="Skipped")).to_have_count(5)
    expect(question).to_be_hidden()


def test_an_upload_that_exists_meanwhile_is_reported(bucket: Page, system: Stack) -> None:
    def overtake(route: Route) -> None:
        if route.request.method == "PUT":
            put(system, "race/cat.png", BLANK)
        route.continue_()

    bucket.route("**/upload/storage/**", overtake)
    _upload(bucket, "race", FilePayload(name="cat.png", mimeType="image/png", buffer=b"late"))
    alert = bucket.locator("#recent").get_by_role("alert")
    expect(alert).to_contain_text("It was not replaced")
    assert system.storage.bucket(INPUT_BUCKET).blob("race/cat.png").download_as_bytes() == BLANK


def test_a_folder_is_uploaded_with_its_pictures(
    bucket: Page, system: Stack, tmp_path: Path
) -> None:
    (tmp_path / "trip" / "day 1").mkdir(parents=True)
    for path in ("a.png", "day 1/b.png", ".hidden.png", "notes.txt"):
        (tmp_path / "trip" / path).write_bytes(BLANK)
    bucket.get_by_role("textbox", name="Folder").fill("dropped")
    drop(bucket, tmp_path / "trip")
    for name in ("dropped/trip/a.png", "dropped/trip/day 1/b.png"):
        ended_tile(bucket, name, "empty", "#recent")
    expect(bucket.locator("#bucket-note")).to_have_text(
        "2 added. 1 file was ignored, because it is not a picture."
    )
    expect(bucket.locator("#recent .tile")).to_have_count(2)
    stored = {blob.name for blob in system.storage.list_blobs(INPUT_BUCKET, prefix="dropped/")}
    assert stored == {"dropped/trip/a.png", "dropped/trip/day 1/b.png"}


def test_many_recent_uploads_need_few_requests(bucket: Page, system: Stack) -> None:
    queries: list[dict[str, list[str]]] = []
    listed: list[dict[str, object]] = []

    def respond(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(json={"url": f"{system.page}there"})
            return
        query = parse_qs(urlsplit(route.request.url).query)
        queries.append(query)
        found = listed if query.get("limit") == ["200"] else []
        route.fulfill(json={"uploads": found, "folders": [], "next": None, "complete": True})

    bucket.route("**/v1/uploads*", respond)
    bucket.route("**/there", lambda route: route.fulfill(body=""))
    names = [f"fresh/{number:02}.png" for number in range(30)]
    files = [FilePayload(name=name[6:], mimeType="image/png", buffer=BLANK) for name in names]
    _upload(bucket, "fresh", *files)
    expect(bucket.locator("#recent .badge")).to_have_count(30)
    queries.clear()
    bucket.evaluate(REFRESH)
    while len({query["prefix"][0] for query in queries if query.get("limit") == ["1"]}) < 30:
        bucket.wait_for_timeout(100)
        bucket.evaluate(REFRESH)
    rounds = "".join("1" if query.get("limit") == ["1"] else " " for query in queries).split()
    assert max(map(len, rounds)) <= 8, "one by one, in each round"
    upload = {"generation": "1", "size": 1, "updated": "2026-01-01T00:00:00Z", "state": "rejected"}
    listed += [{**upload, "name": name} for name in names]
    queries.clear()
    bucket.evaluate(REFRESH)
    expect(bucket.locator("#recent [data-state=rejected]")).to_have_count(30)
    assert {"prefix": ["fresh/"], "limit": ["200"]} in queries


def test_a_listing_older_than_an_upload_is_ignored(bucket: Page) -> None:
    """It has the generation that the upload replaced."""
    old = {"size": 1, "updated": "2026-01-01T00:00:00Z", "state": "rejected", "to_review": False}
    generation = ["7"]

    def respond(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(json={"url": "/there"})
            return
        upload = {**old, "name": "again.png", "generation": generation[0]}
        route.fulfill(json={"uploads": [upload], "folders": [], "next": None, "complete": True})

    bucket.route("**/v1/uploads*", respond)
    bucket.route("**/there", lambda route: route.fulfill(json={"generation": "8"}))
    _upload(bucket, "", FilePayload(name="again.png", mimeType="image/png", buffer=BLANK))
    expect(bucket.locator("#recent .tile")).to_have_attribute("data-state", "working")
    for _ in range(3):
        with bucket.expect_response("**/v1/uploads*"):
            bucket.evaluate(REFRESH)
    expect(bucket.locator("#recent .tile")).to_have_attribute("data-state", "working")
    generation[0] = "8"
    bucket.evaluate(REFRESH)
    expect(bucket.locator("#recent .tile")).to_have_attribute("data-state", "rejected")
