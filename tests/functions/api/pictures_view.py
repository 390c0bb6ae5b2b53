"""Helpers for the tests of the page's view of pictures."""

import base64
import mimetypes
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import FilePayload, Locator, Page, expect

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


def card_of(page: Page, name: str) -> Locator:
    return page.locator(".card", has=page.get_by_role("heading", name=name, exact=True))


def finished_card(page: Page, name: str, state: str) -> Locator:
    """Waits for the final state of a picture, and returns its card."""
    card = card_of(page, name)
    expect(card.locator(".badge:not(.review)")).to_have_text(state, timeout=SOON)
    return card


DOT = png(np.zeros((1, 1, 3), np.uint8))


def api_response(**fields: Any) -> dict[str, Any]:
    """Returns the API's response to a picture without faces, with some fields changed."""
    picture = base64.b64encode(DOT).decode()
    pictures = ("mask_png_base64", "overlay_png_base64", "face_rgba_png_base64")
    defaults = {"width": 1, "height": 1, "boxes": [], "status": "empty", "reason": None}
    return {**defaults, "instances": [], **dict.fromkeys(pictures, picture), **fields}


def dot_file(name: str) -> FilePayload:
    return file_named(name, DOT)


def card_with(page: Page, **fields: Any) -> Locator:
    """Returns the card of a picture whose response has these fields."""
    page.route(f"**{PATH}", lambda route: route.fulfill(json=api_response(**fields)))
    choose(page, dot_file("response.png"))
    return finished_card(page, "response.png", fields.get("status", "empty"))
