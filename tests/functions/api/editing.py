"""Helpers for the tests of the page's editor."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from playwright.sync_api import Locator, Page, Response, expect

from tests.functions.api.browsing import SOON
from tests.functions.api.pictures_view import choose, finished_tile, opened
from tests.functions.api.service import PATH, pixels


class Editor:
    """The dialog with a picture that is being corrected, and what the API responds."""

    def __init__(self, page: Page, dialog: Locator) -> None:
        self.page = page
        self.responses: list[Response] = []
        page.on("response", lambda r: self.responses.append(r) if r.url.endswith(PATH) else None)
        self.dialog = dialog
        self.stage = dialog.locator(".stage")

    def start(self) -> None:
        self.dialog.get_by_role("button", name="Correct", exact=True).click()
        expect(self.stage).to_have_class("stage editing")

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The place on the screen of a pixel of the picture."""
        bounds = self.dialog.locator(".sheet").bounding_box()
        assert bounds
        view = self.dialog.locator("svg.marks").get_attribute("viewBox") or ""
        _, _, width, height = (float(number) for number in view.split())
        return (
            bounds["x"] + x / width * bounds["width"],
            bounds["y"] + y / height * bounds["height"],
        )

    def click(self, x: float, y: float, **how: Any) -> None:
        self.page.mouse.click(*self.at(x, y), **how)

    def drag(self, x0: float, y0: float, x1: float, y1: float) -> None:
        self.page.mouse.move(*self.at(x0, y0))
        self.page.mouse.down()
        self.page.mouse.move(*self.at((x0 + x1) / 2, (y0 + y1) / 2))
        self.page.mouse.move(*self.at(x1, y1))
        self.page.mouse.up()

    def expect_instances(self, count: int) -> None:
        expect(self.dialog.locator(".instances tbody tr")).to_have_count(count, timeout=SOON)

    def expect_marks(self, kind: str, count: int) -> None:
        expect(self.dialog.locator(f".marks .{kind}")).to_have_count(count, timeout=SOON)

    def await_masks(self) -> None:
        expect(self.dialog.get_by_text("Updating")).to_have_count(0, timeout=SOON)

    def boxes(self) -> list[list[int]]:
        """The boxes of the instances on the stage."""
        names = ("x", "y", "width", "height")
        shapes = self.dialog.locator("svg.marks rect.instance, svg.marks rect.selected").all()
        found = [[int(shape.get_attribute(name) or 0) for name in names] for shape in shapes]
        return sorted([x, y, x + w, y + h] for x, y, w, h in found)

    def mask(self) -> npt.NDArray[np.bool_]:
        """The union of all masks in the newest response."""
        response: dict[str, Any] = self.responses[-1].json()
        return np.asarray(pixels(base64.b64decode(response["mask_png_base64"])) > 0)


def middle(box: list[int]) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def editor_of(page: Page, file: Path) -> Editor:
    """Adds a picture with faces, opens it when it is finished, and begins to correct it."""
    choose(page, file)
    finished_tile(page, file.name, "segmented")
    editor = Editor(page, opened(page, file.name))
    editor.start()
    return editor
