"""Uploads with frames on the page: one tile, and in the dialog a choice of the frame."""

import io

import pytest
from PIL import Image as PillowImage
from playwright.sync_api import Page, expect

from local.stack import Stack
from tests.functions.api.browsing import SOON, check_accessibility, keep
from tests.functions.api.bucket_view import AVATAR, ended_tile, opened, show_folder
from tests.functions.api.editing import Editor, middle
from tools.support.pipeline import document, process


def _animation() -> bytes:
    """The first frame has a face, the second none."""
    face = PillowImage.open(AVATAR).convert("RGB").resize((200, 200))
    file = io.BytesIO()
    nothing = PillowImage.new("RGB", face.size, (90, 160, 220))
    face.save(file, "GIF", save_all=True, append_images=[nothing], duration=100)
    return file.getvalue()


@pytest.mark.timeout(180)
def test_each_frame_is_shown_and_corrected(page: Page, system: Stack) -> None:
    name = "moving/avatar.gif"
    process(system, name, _animation(), "image/gif")
    bucket = opened(page)
    show_folder(bucket, "moving/")
    tile = ended_tile(bucket, name, "segmented")
    expect(tile.locator("canvas")).to_be_visible(timeout=SOON)
    tile.click()
    editor = Editor(page, bucket.get_by_role("dialog"))
    editor.expect_instances(1)
    frame = editor.dialog.get_by_label("Frame")
    keep(page, "bucket-frames.png")
    check_accessibility(page)
    editor.start()
    (face,) = editor.boxes()
    frame.select_option("2 of 2")
    expect(editor.dialog.get_by_role("row", name="face-1")).to_have_count(0, timeout=SOON)
    expect(frame).to_be_focused(timeout=SOON)
    editor.drag(*face)
    editor.expect_instances(1)
    expect(frame).to_be_disabled()
    editor.dialog.get_by_role("button", name="Save correction").click()
    expect(frame).to_be_enabled(timeout=SOON)
    assert document(system, f"{name}/frame-0002/result.json")["revision"] == 1
    assert document(system, f"{name}/frame-0001/result.json")["revision"] == 0
    editor.click(*middle(face))
    editor.expect_marks("selected", 1)
