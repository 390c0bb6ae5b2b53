"""The page exports masks as a dataset, and one result as a file."""

import io
import json
import zipfile
from xml.etree import ElementTree

from playwright.sync_api import Page, expect

from local.stack import Stack
from tests.functions.api import bucket_view
from tests.functions.api.browsing import check_accessibility, keep, save
from tests.functions.api.editing import editor_of
from tests.functions.api.pictures_view import (
    choose,
    dot_file,
    file_named,
    finished_tile,
    opened,
    respond_with,
)
from tools.support.examples import EXAMPLES
from tools.support.pipeline import process

SCENE = EXAMPLES / "scenes" / "scene_22.png"
AVATAR = EXAMPLES / "avataaars_05.png"
APPLE = EXAMPLES / "apple.png"


def _exported(page: Page) -> zipfile.ZipFile:
    form = page.get_by_role("dialog", name="Export as dataset")
    archive = save(page, form.get_by_role("button", name="Export", exact=True))
    expect(form).to_be_hidden()
    return zipfile.ZipFile(io.BytesIO(archive))


def test_all_finished_pictures_are_exported_without_what_is_left_out(page: Page) -> None:
    choose(page, SCENE, APPLE, file_named("notes.txt", b"no picture"))
    finished_tile(page, SCENE.name, "segmented")
    finished_tile(page, APPLE.name, "empty")
    dialog = opened(page, SCENE.name)
    for number in (1, 2):
        dialog.get_by_role("checkbox", name=f"Keep face-{number}").uncheck()
    page.keyboard.press("Escape")
    export = page.get_by_role("button", name="Export as dataset…")
    export.click()
    form = page.get_by_role("dialog", name="Export as dataset")
    expect(form).to_contain_text("2 pictures, 1 of them without a face or hand.")
    form.get_by_label("Format").select_option("YOLO")
    form.get_by_role("slider", name="For training").fill("1")
    expect(form).to_contain_text("100%")
    check_accessibility(page)
    keep(page, "export.png")
    archive = _exported(page)
    label = "labels/train/scene_22.txt"
    assert set(archive.namelist()) == {"data.yaml", label, f"images/train/{SCENE.name}"}
    assert archive.read(f"images/train/{SCENE.name}") == SCENE.read_bytes()
    assert len(archive.read(label).splitlines()) == 4
    export.click()
    form.get_by_label("With pictures without a face or hand").check()
    form.get_by_label("With the pictures", exact=True).uncheck()
    archive = _exported(page)
    assert set(archive.namelist()) == {"data.yaml", label, "labels/train/apple.txt"}


def test_one_result_is_saved_as_it_is_corrected(page: Page) -> None:
    editor = editor_of(page, AVATAR)
    editor.click(8, 8)
    editor.expect_instances(2)
    menu = editor.dialog.get_by_role("button", name="More files")
    menu.click()
    keep(page, "file-menu.png")
    svg = save(page, editor.dialog.get_by_role("button", name="Outlines as SVG"))
    ids = {element.get("id") for element in ElementTree.fromstring(svg).iter()}
    assert {"face-1", "face-2"} <= ids
    menu.click()
    labelme = json.loads(
        save(page, editor.dialog.get_by_role("button", name="Outlines for LabelMe"))
    )
    assert labelme["imagePath"] == AVATAR.name
    assert len(labelme["shapes"]) >= 2
    menu.click()
    editor.dialog.get_by_role("button", name="Export as dataset…").click()
    assert set(_exported(page).namelist()) == {
        "annotations/instances_train.json",
        f"images/train/{AVATAR.name}",
    }
    expect(editor.dialog).to_be_visible()


def test_the_outlines_of_a_stored_result_are_saved(page: Page, system: Stack) -> None:
    name = "outlined/avatar.png"
    process(system, name, bucket_view.AVATAR.read_bytes())
    bucket_view.show_folder(bucket_view.opened(page), "outlined/")
    bucket_view.tile_of(page, name).click()
    dialog = page.get_by_role("dialog", name=name)
    dialog.get_by_role("button", name="More files").click()
    expect(dialog.get_by_role("button", name="Export as dataset…")).to_have_count(0)
    labelme = json.loads(save(page, dialog.get_by_role("button", name="Outlines for LabelMe")))
    assert labelme["imagePath"] == "avatar.png"
    assert len(labelme["shapes"]) >= 1


TOO_LARGE = """async () => {
  const { saveDataset } = await import("./page/dataset.js");
  const rle = { size: [1, 1], counts: "0".repeat(17 * 2 ** 20) };
  const instances = [{ id: "face-1", label: "face", score: 1, rle }];
  const result = { width: 1, height: 1, instances };
  const source = { name: "a.png", leftOut: new Set(), result: () => result };
  try {
    await saveDataset([source], { format: "coco" }, () => true);
  } catch (error) {
    return error.message;
  }
}"""


def test_masks_that_are_too_large_together_are_not_sent(page: Page) -> None:
    assert "The masks have 17 MB. At most 16 MB can be exported at a time" in page.evaluate(
        TOO_LARGE
    )


def test_an_error_stays_in_the_form(page: Page) -> None:
    problem = {"detail": "The files have more than 64 characters.", "code": "too-large-export"}
    page.route("**/v1/export", lambda route: route.fulfill(status=413, json=problem))
    respond_with(page)
    choose(page, dot_file("a.png"))
    finished_tile(page, "a.png", "empty")
    page.get_by_role("button", name="Export as dataset…").click()
    form = page.get_by_role("dialog", name="Export as dataset")
    submit = form.get_by_role("button", name="Export", exact=True)
    submit.click()
    expect(form.get_by_role("alert")).to_have_text(problem["detail"])
    expect(submit).to_be_enabled()
    form.get_by_role("button", name="Cancel").click()
    expect(form).to_be_hidden()
