"""How pictures come into the page: folders, drops, the clipboard."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.functions.api.browsing import check_accessibility, drop
from tests.functions.api.pictures_view import DOT, finished_card
from tests.functions.api.service import PATH
from tools.support.examples import EXAMPLES

APPLE = EXAMPLES / "apple.png"


def test_a_folder_is_taken_with_the_pictures_in_it(page: Page, tmp_path: Path) -> None:
    page.route(f"**{PATH}", lambda _: None)
    (tmp_path / "trip" / "day 1" / ".cache").mkdir(parents=True)
    (tmp_path / "trip" / "many").mkdir()
    inside = ["a.png", "day 1/b.JPG", *(f"many/{number}.png" for number in range(120))]
    for place in (*inside, ".hidden.png", "day 1/.cache/c.png", "notes.txt", "day 1/d.mp4"):
        (tmp_path / "trip" / place).write_bytes(DOT)
    (tmp_path / "single.txt").write_bytes(DOT)
    drop(page, tmp_path / "trip", tmp_path / "single.txt")
    expect(page.locator("#drop-note")).to_have_text(
        "123 taken; left out 2 files that are no pictures."
    )
    shown = set(page.locator(".card h2").all_text_contents())
    assert shown == {"single.txt", *(f"trip/{place}" for place in inside)}


def test_a_folder_without_pictures_is_told(page: Page, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    drop(page, tmp_path / "empty")
    expect(page.locator("#drop-note")).to_have_text("There are no pictures in it.")


def test_more_than_the_page_holds_is_refused_as_a_whole(page: Page, tmp_path: Path) -> None:
    (tmp_path / "all").mkdir()
    for number in range(1_001):
        (tmp_path / "all" / f"{number}.png").touch()
    drop(page, tmp_path / "all")
    expect(page.locator("#drop-note")).to_contain_text("more than the 1,000 files")
    expect(page.locator(".card")).to_have_count(0)
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
    finished_card(page, name, "empty")
