"""The options of the page: which faces stay, and how masks and cutouts are drawn."""

import io
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image as PillowImage
from playwright.sync_api import Locator, Page, expect

from shared.imaging.geometry import enclosing
from shared.schemas.amounts import Amount
from shared.schemas.box import Box
from shared.schemas.drawing import CutoutShape, Drawing
from tests.functions.api.browsing import SOON, check_accessibility, keep, save
from tests.functions.api.editing import Editor, editor_of
from tests.functions.api.pictures_view import choose, finished_tile, opened
from tools.support.examples import EXAMPLES

AVATAR = EXAMPLES / "avataaars_05.png"
SCENE = EXAMPLES / "scenes" / "scene_22.png"
SCENE_SIZE = PillowImage.open(SCENE).size


def _slide(slider: Locator, value: int) -> None:
    """Moves a slider, and releases it."""
    slider.fill(str(value))


def _cutout(page: Page, dialog: Locator) -> PillowImage.Image:
    button = dialog.get_by_role("button", name="Download cutout")
    return PillowImage.open(io.BytesIO(save(page, button)))


def _saved_result(page: Page, dialog: Locator) -> Any:
    dialog.get_by_role("button", name="More files").click()
    return json.loads(save(page, dialog.get_by_role("button", name="Download result.json of")))


def _alpha(cutout: PillowImage.Image) -> npt.NDArray[np.uint8]:
    return np.asarray(cutout)[..., 3]


def test_new_pictures_get_the_chosen_options(page: Page) -> None:
    page.get_by_text("Which ones stay").click()
    page.get_by_role("spinbutton", name="At most").fill("2")
    page.get_by_label("Of more than that").select_option("the largest stay")
    page.get_by_text("Mask and cutout").click()
    page.locator("#more-options .choice", has_text="Box").click()
    expect(page.locator("#more-options")).to_contain_text("at most 2, largest first")
    expect(page.locator("#more-options")).to_contain_text("cropped to a box")
    check_accessibility(page)
    keep(page, "options.png")
    choose(page, SCENE)
    finished_tile(page, SCENE.name, "segmented")
    dialog = opened(page, SCENE.name)
    expect(dialog.locator(".instances tbody tr")).to_have_count(2)
    cutout, result = _cutout(page, dialog), _saved_result(page, dialog)
    x0, y0, x1, y1 = result["cutout_box"]
    assert cutout.size == (x1 - x0, y1 - y0) != SCENE_SIZE
    assert result["drawing"]["cutout"] == "box"
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Reset").first.click()
    expect(page.get_by_role("spinbutton", name="At most")).to_have_value("20")
    page.get_by_role("button", name="Run again").click()
    finished_tile(page, SCENE.name, "segmented")
    expect(opened(page, SCENE.name).locator(".instances tbody tr")).to_have_count(6)


def test_the_masks_of_one_picture_are_drawn_in_another_way(page: Page) -> None:
    choose(page, AVATAR)
    finished_tile(page, AVATAR.name, "segmented")
    editor = Editor(page, opened(page, AVATAR.name))
    dialog = editor.dialog
    before = _alpha(_cutout(page, dialog))
    dialog.get_by_text("Mask and cutout").click()
    over = dialog.locator("img.over")
    shown = over.get_attribute("src")
    _slide(dialog.get_by_role("slider", name="Grow masks"), 12)
    expect(dialog.locator("#picture-drawing")).to_contain_text("grown by 12 px")
    expect(over).not_to_have_attribute("src", shown or "", timeout=SOON)
    grown = _alpha(_cutout(page, dialog))
    assert (grown > 0).sum() > 1.1 * (before > 0).sum()
    _slide(dialog.get_by_role("slider", name="Soft edge"), 20)
    dialog.locator(".choice", has_text="Square").click()
    dialog.get_by_label("Unit of: Padding").select_option("%")
    _slide(dialog.get_by_role("slider", name="Padding"), 25)
    expect(dialog.get_by_text("Drawing…")).to_have_count(0, timeout=SOON)
    cutout = _cutout(page, dialog)
    assert cutout.width == cutout.height
    check_accessibility(page)
    keep(page, "redrawn.png")
    dialog.get_by_role("button", name="Reset").click()
    expect(dialog.locator("#picture-drawing")).to_contain_text("default")
    expect(dialog.get_by_text("Drawing…")).to_have_count(0, timeout=SOON)
    assert (_alpha(_cutout(page, dialog)) == before).all()


CUTOUT_BOX = """async (cases) => {
  const { cutoutBox } = await import("./page/result/cutout_box.js");
  return cases.map(([drawing, boxes, size]) => cutoutBox(drawing, boxes, size));
}"""


def test_the_page_crops_cutouts_as_the_api_does(page: Page) -> None:
    size = Box(0, 0, 1600, 1200)
    shapes: tuple[CutoutShape, ...] = ("canvas", "box", "square")
    cases = [
        (Drawing(cutout=shape, cutout_padding=padding, mask_feather=feather), boxes)
        for shape in shapes
        for padding in map(Amount.parse, ("0", "7", "12.5%"))
        for feather in (0, 3)
        for boxes in (
            [],
            [Box(10, 20, 61, 130)],
            [Box(1500, 3, 1600, 40), Box(40, 700, 77, 1200)],
            [Box(5, 5, 1590, 30)],
        )
    ]
    sent = [
        [drawing.model_dump(), [list(box) for box in boxes], {"width": 1600, "height": 1200}]
        for drawing, boxes in cases
    ]
    expected = [list(drawing.cutout_box(enclosing(boxes), size)) for drawing, boxes in cases]
    assert page.evaluate(CUTOUT_BOX, sent) == expected


@pytest.mark.parametrize("shape", ["Box", "Square"])
def test_a_cropped_cutout_lies_where_it_belongs(page: Page, shape: str) -> None:
    """In the browser, and in the file, with and without a face that is left out."""
    page.get_by_text("Mask and cutout").click()
    page.locator("#more-options .choice", has_text=shape).click()
    page.get_by_role("slider", name="Soft edge").fill("6")
    choose(page, SCENE)
    finished_tile(page, SCENE.name, "segmented")
    dialog = opened(page, SCENE.name)
    whole = _saved_result(page, dialog)
    for left_out in ([], ["face-3"], ["face-3", "face-1", "face-2", "face-5", "face-6"]):
        for name in left_out:
            dialog.get_by_role("checkbox", name=f"Keep {name}").set_checked(False)
        cutout, result = _cutout(page, dialog), _saved_result(page, dialog)
        drawing = Drawing.model_validate_json(json.dumps(result["drawing"]))
        boxes = [Box(*item["box"]) for item in whole["instances"] if item["id"] not in left_out]
        box = drawing.cutout_box(enclosing(boxes), Box(0, 0, *SCENE_SIZE))
        assert list(box) == result["cutout_box"]
        assert cutout.size == (box.width, box.height)
        _check_place(dialog, cutout, box)
        _check_content(page, dialog, cutout, result)
    dialog.get_by_role("button", name="Compare").click()
    keep(page, f"cropped-{shape}.png".lower())


def _check_content(
    page: Page, dialog: Locator, cutout: PillowImage.Image, result: dict[str, Any]
) -> None:
    """Checks that face-4 is in the cutout where it is in the picture."""
    button = dialog.get_by_role("button", name="Save the cutout of face-4")
    single = np.asarray(PillowImage.open(io.BytesIO(save(page, button))))
    (part,) = (Box(*item["cutout_box"]) for item in result["instances"] if item["id"] == "face-4")
    x0, y0, _, _ = result["cutout_box"]
    pixels = np.asarray(cutout)[part.shifted(-x0, -y0).slices]
    opaque = single[..., 3] == 255
    assert opaque.any()
    assert (pixels[opaque] == single[opaque]).all()


SHOWN = """async (image) => {
  await image.decode();
  const sheet = image.closest(".sheet");
  const [inner, outer] = [image, sheet].map((part) => part.getBoundingClientRect());
  const { offsetWidth: width, offsetHeight: height } = sheet;
  return [(inner.left - outer.left) / width, (inner.top - outer.top) / height,
    inner.width / width, inner.height / height, image.naturalWidth, image.naturalHeight];
}"""


def _check_place(dialog: Locator, cutout: PillowImage.Image, box: Box) -> None:
    """Checks that the stage shows a picture of the cutout's size at this box of the original."""
    over = dialog.locator("img.over")
    expect(over).to_have_js_property("naturalWidth", cutout.width)
    *shares, width, height = over.evaluate(SHOWN)
    across, down = SCENE_SIZE
    expected = (box.x0 / across, box.y0 / down, box.width / across, box.height / down)
    assert shares == pytest.approx(expected, abs=0.002)
    assert (width, height) == cutout.size


def test_a_corrected_picture_is_drawn_in_another_way_without_a_new_detection(page: Page) -> None:
    editor = editor_of(page, AVATAR)
    editor.click(8, 8)
    editor.expect_instances(2)
    editor.dialog.get_by_role("checkbox", name="Keep face-1").uncheck()
    page.keyboard.press("Escape")
    again = page.get_by_role("button", name="Run again")
    page.get_by_label("Hands").check()
    expect(again).to_be_hidden()
    page.get_by_text("Mask and cutout").first.click()
    page.locator("#more-options").get_by_role("slider", name="Grow masks").fill("5")
    again.click()
    expect(again).to_be_hidden()
    finished_tile(page, AVATAR.name, "segmented")
    dialog = opened(page, AVATAR.name)
    editor.expect_instances(2)
    result = _saved_result(page, dialog)
    assert [item["id"] for item in result["instances"]] == ["face-2"], "face-1 is still left out"
    assert result["drawing"]["mask_grow"] == "5"
