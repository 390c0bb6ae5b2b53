"""How pictures are added to the page: folders, drops, the clipboard."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.functions.api.browsing import check_accessibility, drop
from tests.functions.api.pictures_view import DOT, finished_tile
from tests.functions.api.service import PATH
from tools.support.examples import EXAMPLES

APPLE = EXAMPLES / "apple.png"


def test_a_folder_is_added_with_its_pictures(page: Page, tmp_path: Path) -> None:
    page.route(f"**{PATH}", lambda _: None)
    (tmp_path / "trip" / "day 1" / ".cache").mkdir(parents=True)
    (tmp_path / "trip" / "many").mkdir()
    inside = ["a.png", "day 1/b.JPG", *(f"many/{number}.png" for number in range(120))]
    for path in (*inside, ".hidden.png", "day 1/.cache/c.png", "notes.txt", "day 1/d.mp4"):
        (tmp_path / "trip" / path).write_bytes(DOT)
    (tmp_path / "single.txt").write_bytes(DOT)
    drop(page, tmp_path / "trip", tmp_path / "single.txt")
    expect(page.locator("#drop-note")).to_have_text(
        "123 added. 2 files were ignored, because they are not pictures."
    )
    shown = set(page.locator("#pictures-grid .name").all_text_contents())
    assert shown == {"single.txt", *(f"trip/{path}" for path in inside)}


def test_a_folder_without_pictures_is_reported(page: Page, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    drop(page, tmp_path / "empty")
    expect(page.locator("#drop-note")).to_have_text("No pictures found.")


def test_too_many_files_are_refused_together(page: Page, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    for number in range(1_001):
        (tmp_path / "all" / f"{number}.png").touch()
    drop(page, tmp_path / "all")
    expect(page.locator("#drop-note")).to_contain_text("more than the 1,000 files")
    expect(page.locator("#pictures-grid .tile")).to_have_count(0)
    check_accessibility(page)


DROP = """([kind, type, data]) => {
  const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(data)], kind === "paste" ? "" : "dropped.png", {type}));
  const event = kind === "paste"
    ? new ClipboardEvent("paste", {clipboardData: files, bubbles: true})
    : new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true});
  document.body.dispatchEvent(event);
}"""


@pytest.mark.parametrize(("kind", "name"), [("drop", "dropped.png"), ("paste", "pasted.png")])
def test_pictures_can_be_dropped_and_pasted(page: Page, kind: str, name: str) -> None:
    page.evaluate(DROP, [kind, "image/png", list(APPLE.read_bytes())])
    finished_tile(page, name, "empty")
