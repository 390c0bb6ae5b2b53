"""Six people, of whom two are found: a person adds the others, and exports all masks."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage
from playwright.sync_api import Page, expect
from pycocotools.coco import COCO

from tests.functions.api.browsing import keep, save
from tests.functions.api.editing import Editor
from tests.functions.api.pictures_view import choose, file_named, finished_tile, opened, tile_of
from tools.support.examples import ROOT
from tools.support.pipeline import png

MINI = ROOT / "tools" / "evaluation" / "mini" / "single"
IGNORED = 255
"""Pixels of a label that count neither way: the band along a face's edge, and ears."""
NAME = "six.png"
SMALL = 150
"""Pixels: more than the small faces have, and less than the large ones."""

Labels = npt.NDArray[np.uint8]


def _cell(name: str, side: int, *, mirrored: bool) -> tuple[npt.NDArray[np.uint8], Labels]:
    """A drawing of a person, and its label: 1 on the face."""
    size = (side, side)
    drawing = PillowImage.open(MINI / f"{name}.png").convert("RGB").resize(size)
    label = PillowImage.open(MINI / f"{name}.label.png").resize(
        size, PillowImage.Resampling.NEAREST
    )
    step = -1 if mirrored else 1
    return np.asarray(drawing)[:, ::step], np.asarray(label)[:, ::step]


@pytest.fixture(scope="module")
def people() -> tuple[bytes, Labels]:
    """Two large people above four small ones as a PNG, and its label with the faces 1 to 6."""
    names = ("avataaars_04", "lorelei_05")
    large = [_cell(name, 512, mirrored=False) for name in names]
    small = [_cell(name, 256, mirrored=mirrored) for mirrored in (True, False) for name in names]
    drawing = np.vstack([np.hstack([cell for cell, _ in row]) for row in (large, small)])
    numbered = [
        np.where(label == 1, number, label) for number, (_, label) in enumerate((*large, *small), 1)
    ]
    return png(drawing), np.vstack([np.hstack(numbered[:2]), np.hstack(numbered[2:])])


def _middle(label: Labels, number: int) -> tuple[float, float]:
    x0, y0, x1, y1 = _bounds(label, number)
    return (x0 + x1) / 2, (y0 + y1) / 2


def _bounds(label: Labels, number: int) -> tuple[int, int, int, int]:
    rows, columns = np.nonzero(label == number)
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def _two_found(page: Page, drawing: bytes) -> None:
    """Adds the drawing with an option by which only the large people are found."""
    options = page.locator("#options-fold")
    if options.get_attribute("open") is None:
        options.get_by_text("Options", exact=True).click()
    page.get_by_text("Which ones stay").click()
    page.get_by_role("slider", name="Smallest size").fill(str(SMALL))
    choose(page, file_named(NAME, drawing))
    finished_tile(page, NAME, "segmented")


def _check_masks(document: Any, label: Labels, tmp_path: Path) -> None:
    """Checks with pycocotools that the annotations of the only image are the six true faces."""
    (tmp_path / "coco.json").write_text(json.dumps(document))
    coco = COCO(tmp_path / "coco.json")
    (image,) = coco.dataset["images"]
    assert (image["width"], image["height"]) == label.shape[::-1]
    masks = [coco.annToMask(item).astype(bool) for item in coco.loadAnns(coco.getAnnIds())]
    assert len(masks) == 6
    counted = label != IGNORED
    for number in range(1, 7):
        true = label == number
        ious = [(mask & true).sum() / ((mask | true) & counted).sum() for mask in masks]
        assert max(ious) >= 0.9, number


def test_the_mouse_adds_four_people(
    page: Page, people: tuple[bytes, Labels], tmp_path: Path
) -> None:
    drawing, label = people
    _two_found(page, drawing)
    editor = Editor(page, opened(page, NAME))
    editor.expect_instances(2)
    editor.start()
    for number in (3, 4):
        editor.click(*_middle(label, number))
        editor.expect_instances(number)
    for number in (5, 6):
        editor.drag(*_bounds(label, number))
        editor.expect_instances(number)
    keep(page, "six.png")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Export as dataset…").click()
    form = page.get_by_role("dialog", name="Export as dataset")
    archive = zipfile.ZipFile(
        io.BytesIO(save(page, form.get_by_role("button", name="Export", exact=True)))
    )
    expect(form).to_be_hidden()
    (subset,) = (path.split("/")[1] for path in archive.namelist() if path.endswith(NAME))
    assert archive.read(f"images/{subset}/{NAME}") == drawing
    _check_masks(json.loads(archive.read(f"annotations/instances_{subset}.json")), label, tmp_path)


def _move(page: Page, before: tuple[float, float], to: tuple[float, float], step: float) -> None:
    """Moves the cursor by arrow keys, to less than a step from a pixel."""
    for distance, back, forth in zip(
        np.subtract(to, before), ("ArrowLeft", "ArrowUp"), ("ArrowRight", "ArrowDown"), strict=True
    ):
        for _ in range(round(abs(distance) / step)):
            page.keyboard.press(forth if distance > 0 else back)


def test_keys_add_four_people(page: Page, people: tuple[bytes, Labels], tmp_path: Path) -> None:
    drawing, label = people
    _two_found(page, drawing)
    press = page.keyboard.press
    tile_of(page, NAME).locator(".open").focus()
    press("Enter")
    editor = Editor(page, page.get_by_role("dialog", name=NAME))
    editor.expect_instances(2)
    editor.dialog.get_by_role("button", name="Correct", exact=True).focus()
    press("Enter")
    height, width = label.shape
    step = 0.03 * max(width, height)  # STEP in edit/keys.js
    at = (width / 2, height / 2)
    for number in (3, 4, 5, 6):
        target = _middle(label, number)
        _move(page, at, target, step)
        at = tuple(np.add(at, np.round(np.subtract(target, at) / step) * step))
        press("Enter")
        editor.expect_instances(number)
    more = editor.dialog.get_by_role("button", name="More files")
    more.focus()
    press("Enter")
    with page.expect_download() as saved:
        editor.dialog.get_by_role("button", name="Outlines as COCO").focus()
        press("Enter")
    assert saved.value.suggested_filename == "six-coco.json"
    _check_masks(json.loads(Path(saved.value.path()).read_text()), label, tmp_path)


def test_taps_on_a_phone_add_four_people(
    phone: Page, people: tuple[bytes, Labels], tmp_path: Path
) -> None:
    drawing, label = people
    _two_found(phone, drawing)
    tile_of(phone, NAME).locator(".open").tap()
    editor = Editor(phone, phone.get_by_role("dialog", name=NAME))
    editor.expect_instances(2)
    editor.dialog.get_by_role("button", name="Correct", exact=True).tap()
    for number in (3, 4, 5, 6):
        phone.touchscreen.tap(*editor.at(*_middle(label, number)))
        editor.expect_instances(number)
    keep(phone, "six-phone.png")
    editor.dialog.get_by_role("button", name="More files").tap()
    content = save(phone, editor.dialog.get_by_role("button", name="Outlines as COCO"))
    _check_masks(json.loads(content), label, tmp_path)
