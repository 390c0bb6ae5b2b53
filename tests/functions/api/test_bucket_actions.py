"""Selecting uploads on the page, and acting on them."""

import io
import json
import zipfile
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from local.stack import INPUT_BUCKET, OUTPUT_BUCKET, Stack
from tests.functions.api.browsing import SOON, check_accessibility, keep, save
from tests.functions.api.bucket_view import (
    AVATAR,
    BLANK,
    REFRESH,
    opened,
    show_folder,
    tile_of,
)
from tools.support.pipeline import await_results, output, output_names, process, put

Shown = Callable[..., Page]


@pytest.fixture
def shown(page: Page, system: Stack) -> Shown:
    """Uploads blank pictures into a folder, and returns the page that shows it, by name."""

    def show(folder: str, count: int) -> Page:
        generations: dict[str, int] = {}
        for number in range(count):
            generations |= put(system, f"{folder}{number}.png", BLANK)
        await_results(system, generations)
        bucket = opened(page)
        bucket.get_by_role("combobox", name="Order").select_option("By name")
        show_folder(bucket, folder)
        expect(bucket.locator("#tiles [data-state=empty]")).to_have_count(count, timeout=SOON)
        return bucket

    return show


def _selected(page: Page) -> list[str]:
    return page.locator("#tiles .tile:has(:checked) .name").all_text_contents()


def _exists(system: Stack, name: str) -> bool:
    return bool(system.storage.bucket(INPUT_BUCKET).blob(name).exists())


def test_uploads_are_selected_with_mouse_and_keys(shown: Shown) -> None:
    page = shown("pick/", 5)
    bar = page.get_by_role("group", name="Actions for the selected uploads")
    expect(bar).to_be_hidden()
    page.get_by_label("Select pick/1.png").check()
    expect(bar).to_contain_text("1 selected")
    page.get_by_label("Select pick/3.png").click(modifiers=["Shift"])
    assert _selected(page) == ["1.png", "2.png", "3.png"]
    tile_of(page, "pick/2.png").click(modifiers=["ControlOrMeta"])
    tile_of(page, "pick/4.png").click(modifiers=["ControlOrMeta"])
    assert _selected(page) == ["1.png", "3.png", "4.png"]
    expect(page.get_by_role("dialog")).to_be_hidden()
    keep(page, "selection.png")
    check_accessibility(page)
    page.keyboard.press("Escape")
    assert _selected(page) == []
    expect(bar).to_be_hidden()
    tile_of(page, "pick/0.png").locator(".open").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+Space")
    assert _selected(page) == ["0.png", "1.png", "2.png"]
    page.keyboard.press("Space")
    assert _selected(page) == ["0.png", "1.png"]
    expect(page.get_by_role("dialog")).to_be_hidden()
    every = page.get_by_label("Select all")
    expect(every).to_have_js_property("indeterminate", value=True)
    every.check()
    expect(bar).to_contain_text("5 selected")
    bar.get_by_role("button", name="Clear selection").click()
    assert _selected(page) == []
    expect(tile_of(page, "pick/0.png").locator(".open")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    expect(bar).to_contain_text("5 selected")


def test_uploads_are_deleted_after_a_question(shown: Shown, system: Stack) -> None:
    page = shown("bin/", 4)
    page.get_by_label("Select bin/1.png").check()
    page.get_by_label("Select bin/2.png").check()
    page.get_by_role("button", name="Delete…").click()
    question = page.get_by_role("dialog", name="Delete 2 uploads with all results?")
    expect(question).to_contain_text("bin/1.png")
    expect(question).to_contain_text("soft delete")
    expect(question.get_by_role("button", name="Cancel")).to_be_focused()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        check_accessibility(page)
        keep(page, f"delete-{scheme}.png")
    page.keyboard.press("Escape")
    assert _exists(system, "bin/1.png")
    page.get_by_role("button", name="Delete…").click()
    question.get_by_role("button", name="Delete 2 uploads").click()
    expect(page.locator("#outcomes")).to_contain_text("2 uploads were deleted.", timeout=SOON)
    expect(page.locator("#tiles .name")).to_have_text(["0.png", "3.png"])
    expect(tile_of(page, "bin/3.png").locator(".open")).to_be_focused()
    assert not _exists(system, "bin/1.png")
    assert output_names(system, "bin/1.png") == set()
    assert _exists(system, "bin/0.png")
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Delete 1 upload").click()
    expect(page.locator("#tiles .name")).to_have_text(["0.png"])
    assert not _exists(system, "bin/3.png")


def test_what_was_not_done_is_said_for_each_upload(shown: Shown, system: Stack) -> None:
    page = shown("some/", 3)
    page.get_by_label("Select all").check()
    page.route("**/v1/uploads?*", lambda route: route.abort())  # the list stays as it is
    system.storage.bucket(INPUT_BUCKET).blob("some/0.png").delete()
    put(system, "some/1.png", AVATAR.read_bytes())
    page.get_by_role("button", name="Process again").click()
    outcomes = page.locator("#outcomes")
    expect(outcomes).to_contain_text("1 upload is processed again.", timeout=SOON)
    expect(outcomes.get_by_role("listitem")).to_have_text(
        [
            "some/0.png does not exist any more.",
            "some/1.png has a newer upload now. Nothing was done to it.",
        ]
    )
    keep(page, "outcomes.png")
    page.get_by_role("button", name="Close this message").click()
    expect(outcomes).to_be_empty()


def test_an_upload_is_processed_again_with_its_correction(page: Page, system: Stack) -> None:
    """Its result is deleted, because the pipeline writes none that is there already."""
    name = "again/cat.png"
    process(system, name, AVATAR.read_bytes())
    prompts = json.loads(output(system, f"{name}/prompts.json"))
    correction = {
        "name": name,
        "generation": prompts["source"]["generation"],
        "revision": 0,
        "instances": [],
    }
    assert page.request.post(f"{system.page}v1/uploads/prompts", data=correction).ok
    bucket = opened(page)
    show_folder(bucket, "again/")
    tile = tile_of(bucket, name)
    expect(tile).to_have_attribute("data-state", "empty", timeout=SOON)
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    system.storage.bucket(OUTPUT_BUCKET).delete_blob(f"{name}/result.json")
    bucket.get_by_label(f"Select {name}").check()
    bucket.get_by_role("button", name="Process again").click()
    expect(bucket.locator("#outcomes")).to_contain_text("1 upload is processed again.")
    new = system.storage.bucket(OUTPUT_BUCKET).blob(f"{name}/result.json")
    while not new.exists():
        page.wait_for_timeout(100)
    new.reload()
    bucket.evaluate(REFRESH)
    while not any(f"result={new.generation}" in url for url in loaded):
        page.wait_for_timeout(100)
    expect(tile).to_have_attribute("data-state", "empty")
    assert json.loads(output(system, f"{name}/result.json"))["revision"] == 1


def test_results_are_loaded_as_an_archive(shown: Shown, system: Stack) -> None:
    page = shown("zip/", 2)
    page.get_by_label("Select all").check()
    page.route("**/v1/uploads?*", lambda route: route.abort())
    put(system, "zip/1.png", AVATAR.read_bytes())
    system.storage.bucket(OUTPUT_BUCKET).delete_blob("zip/1.png/result.json")
    archive = save(page, page.get_by_role("button", name="Download", exact=True))
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        assert file.read("zip/0.png/mask.png") == output(system, "zip/0.png/mask.png")
    expect(page.locator("#outcomes")).to_contain_text("The archive has the results of 1 upload.")
    expect(page.locator("#outcomes").get_by_role("listitem")).to_have_text(
        ["zip/1.png has a newer upload now. Nothing was done to it."]
    )


def test_actions_that_the_service_does_not_allow_are_not_shown(
    system: Stack, browser: Browser
) -> None:
    def forbid(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), "actions": ["archive"]})

    put(system, "fixed/cat.png", BLANK)
    with browser.new_context() as context:
        context.route("**/v1/about", forbid)
        page = context.new_page()
        page.goto(f"{system.page}#bucket/fixed/")
        page.get_by_label("Select fixed/cat.png").check(timeout=SOON)
        expect(page.get_by_role("button", name="Download", exact=True)).to_be_visible()
        expect(page.get_by_role("button", name="Delete…")).to_be_hidden()
        expect(page.get_by_role("button", name="Process again")).to_be_hidden()
        tile_of(page, "fixed/cat.png").locator(".open").focus()
        page.keyboard.press("Delete")
        expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_phone_has_the_actions_at_the_bottom(system: Stack, browser: Browser) -> None:
    for number in range(3):
        put(system, f"phone/{number}.png", BLANK)
    with browser.new_context(
        viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True
    ) as context:
        page = context.new_page()
        page.goto(f"{system.page}#bucket/phone/")
        box = page.get_by_label("Select phone/1.png")
        box.tap(timeout=SOON)
        bar = page.get_by_role("group", name="Actions for the selected uploads")
        for target in (bar.get_by_role("button").first, page.locator(".pick").first):
            bounds = target.bounding_box()
            assert bounds
            assert min(bounds["width"], bounds["height"]) >= 44
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        keep(page, "selection-phone.png")
        expect(bar).to_be_in_viewport()


def test_the_results_of_a_folder_are_exported_as_a_dataset(page: Page, system: Stack) -> None:
    for name in ("set/a.png", "set/more/b.png"):
        process(system, name, AVATAR.read_bytes())
    bucket = opened(page)
    show_folder(bucket, "set/")
    expect(bucket.locator("#tiles .tile")).to_have_count(1)
    bucket.locator("#bucket").get_by_role("button", name="Export as dataset…").click()
    form = bucket.get_by_role("dialog", name="Export as dataset")
    expect(form).to_contain_text(f"All results in gs://{INPUT_BUCKET}/set/, also in sub-folders")
    form.get_by_label("Format").select_option("YOLO")
    form.get_by_label("For training").fill("1")
    keep(page, "export-folder.png")
    with zipfile.ZipFile(io.BytesIO(save(page, form.get_by_role("button", name="Export")))) as file:
        assert set(file.namelist()) == {
            "data.yaml",
            *(f"labels/train/set/{name}.txt" for name in ("a", "more/b")),
            *(f"images/train/set/{name}.png" for name in ("a", "more/b")),
        }
        assert file.read("images/train/set/a.png") == AVATAR.read_bytes()
    expect(form).to_be_hidden()
    bucket.route("**/v1/uploads/export?*", lambda route: route.abort())
    bucket.locator("#bucket").get_by_role("button", name="Export as dataset…").click()
    form.get_by_role("button", name="Export").click()
    expect(form.get_by_role("alert")).to_contain_text("The export was interrupted.")
