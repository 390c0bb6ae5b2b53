"""Helpers for the tests of the page's view of pictures."""

import base64
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import FilePayload, Locator, Page, Route, expect

from tests.functions.api.browsing import SOON
from tests.functions.api.service import PATH
from tools.support.pipeline import png


def choose(page: Page, *files: Path | FilePayload) -> None:
    """Adds files through the file chooser."""
    chosen = [
        file_named(file.name, file.read_bytes()) if isinstance(file, Path) else file
        for file in files
    ]
    page.locator("#files").set_input_files(chosen)


def file_named(name: str, content: bytes) -> FilePayload:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {"name": name, "mimeType": kind, "buffer": content}


def tile_of(page: Page, name: str) -> Locator:
    """Returns the tile of a picture."""
    named = page.locator(".name").get_by_text(name, exact=True)
    return page.locator("#pictures-grid .tile", has=named)


def finished_tile(page: Page, name: str, state: str) -> Locator:
    """Waits for the final state of a picture, and returns its tile."""
    tile = tile_of(page, name)
    expect(tile).to_have_attribute("data-state", state, timeout=SOON)
    return tile


def opened(page: Page, name: str) -> Locator:
    """Opens the dialog with a picture, and returns it."""
    tile_of(page, name).locator(".open").click()
    dialog = page.get_by_role("dialog", name=name, exact=True)
    expect(dialog).to_be_visible()
    return dialog


DOT = png(np.zeros((1, 1, 3), np.uint8))


def api_response(**fields: Any) -> dict[str, Any]:
    """Returns the API's response to a picture without faces, with some fields changed."""
    picture = base64.b64encode(DOT).decode()
    pictures = ("mask_png_base64", "overlay_png_base64", "face_rgba_png_base64")
    defaults = {"width": 1, "height": 1, "boxes": [], "status": "empty", "reason": None}
    instances = fields.get("instances", [])
    files = [file for instance in instances for file in instance["files"].values()]
    return {
        **defaults,
        "instances": [],
        "prompts": [],
        "instance_png_base64": dict.fromkeys(files, picture),
        **dict.fromkeys(pictures, picture),
        **fields,
    }


def instance(number: int, segmenter: str = "grabcut") -> dict[str, Any]:
    """Returns an instance in the API's response."""
    name = f"face-{number}"
    files = {kind: f"{name}/{kind}.png" for kind in ("mask", "cutout")}
    numbers = {"score": 0.9, "quality": 0.8, "area": 1, "box": [0, 0, 1, 1]}
    return {"id": name, "side": None, "segmenter": segmenter, "files": files, **numbers}


def respond_with(page: Page, **fields: Any) -> None:
    """Responds to all requests for masks with these fields."""
    page.route(f"**{PATH}", lambda route: route.fulfill(json=api_response(**fields)))


def answer_by_name(page: Page, responses: Mapping[str, dict[str, Any]]) -> None:
    """Responds to requests by the names of the files; the format of all others is unknown."""

    def respond(route: Route) -> None:
        body = route.request.post_data_buffer or b""
        name = next((name for name in responses if name.encode() in body), None)
        if name:
            route.fulfill(json=responses[name])
        else:
            route.fulfill(status=415, json={"detail": "No supported format.", "code": "x"})

    page.route(f"**{PATH}", respond)


def dot_file(name: str) -> FilePayload:
    return file_named(name, DOT)


def tile_with(page: Page, **fields: Any) -> Locator:
    """Returns the tile of a picture whose response has these fields."""
    respond_with(page, **fields)
    choose(page, dot_file("response.png"))
    return finished_tile(page, "response.png", fields.get("status", "empty"))
