"""Corrections of stored results on the page: they are saved, and segmented in the bucket."""

import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from local.stack import Stack
from tests.functions.api.browsing import SOON, check_accessibility, keep
from tests.functions.api.bucket_view import AVATAR, opened, show_folder, show_only, tile_of
from tests.functions.api.editing import Editor, middle
from tools.support.pipeline import output, process

CROPPED = {"cutout": "box", "mask_feather": 3}


def _editor(page: Page, system: Stack, name: str) -> Editor:
    process(system, name, AVATAR.read_bytes())
    bucket = opened(page)
    show_folder(bucket, name[: name.index("/") + 1])
    tile_of(bucket, name).click()
    editor = Editor(page, bucket.get_by_role("dialog"))
    editor.expect_instances(1)
    return editor


def _result(system: Stack, name: str) -> dict[str, Any]:
    return dict(json.loads(output(system, f"{name}/result.json")))


@pytest.mark.timeout(180)
def test_a_correction_is_saved_and_segmented_in_the_bucket(page: Page, system: Stack) -> None:
    name = "corrected/avatar.png"
    editor = _editor(page, system, name)
    save = editor.dialog.get_by_role("button", name="Save correction")
    expect(save).to_be_hidden()
    editor.start()
    (box,) = editor.boxes()
    width = box[2] - box[0]
    editor.drag(2, 2, width, width)
    editor.expect_instances(2)
    assert _result(system, name)["revision"] == 0, "it is not saved yet"
    save.click()
    expect(save).to_be_hidden(timeout=SOON)
    result = _result(system, name)
    assert result["revision"] == 1
    assert [instance["id"] for instance in result["instances"]] == ["face-1", "face-2"]
    editor.click(*middle(box))
    editor.expect_marks("selected", 1)
    keep(page, "bucket-editor.png")
    check_accessibility(page)


@pytest.mark.timeout(180)
def test_a_correction_of_an_older_revision_is_refused(page: Page, system: Stack) -> None:
    name = "contested/avatar.png"
    editor = _editor(page, system, name)
    editor.start()
    (box,) = editor.boxes()
    editor.click(*middle(box))
    page.keyboard.press("Delete")
    editor.expect_instances(0)
    prompts = json.loads(output(system, f"{name}/prompts.json"))
    body = {
        "name": name,
        "generation": prompts["source"]["generation"],
        "revision": 0,
        "instances": prompts["instances"],
    }
    saved = page.request.post(f"{system.page}v1/uploads/prompts", data=body)
    assert saved.ok, saved.text()
    editor.dialog.get_by_role("button", name="Save correction").click()
    expect(
        editor.dialog.get_by_role("alert").filter(has_text="have revision 1 now")
    ).to_be_visible()


def _crop(route: Route) -> None:
    """Answers with the stored result, as if CUTOUT were box."""
    response = route.fetch()
    result = response.json()
    route.fulfill(response=response, json={**result, "drawing": {**result["drawing"], **CROPPED}})


@pytest.mark.timeout(180)
def test_what_is_not_saved_is_drawn_like_the_stored_result(page: Page, system: Stack) -> None:
    page.route("**/v1/uploads/result?*", _crop)
    editor = _editor(page, system, "cropped/avatar.png")
    editor.start()
    (box,) = editor.boxes()
    with page.expect_response("**/v1/face-mask-sam2") as response:
        editor.drag(2, 2, box[2] - box[0], box[2] - box[0])
    drawing = response.value.json()["drawing"]
    assert {name: drawing[name] for name in CROPPED} == CROPPED


@pytest.mark.timeout(180)
def test_a_result_is_marked_as_checked(page: Page, system: Stack) -> None:
    name = "looked-at/avatar.png"
    editor = _editor(page, system, name)
    check = editor.dialog.get_by_role("button", name="Mark as checked")
    expect(check).to_have_attribute("aria-pressed", "false")
    check.click()
    expect(check).to_have_attribute("aria-pressed", "true", timeout=SOON)
    page.keyboard.press("Escape")
    show_only(page, "Checked")
    expect(tile_of(page, name)).to_be_visible()
    expect(tile_of(page, name).locator(".badge")).to_have_text(["Done"])
