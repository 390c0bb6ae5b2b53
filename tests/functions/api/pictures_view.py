"""What the tests of the page's view of pictures share."""

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
    """By the file chooser."""
    chosen = [
        file_named(one.name, one.read_bytes()) if isinstance(one, Path) else one for one in files
    ]
    page.locator("#files").set_input_files(chosen)


def file_named(name: str, content: bytes) -> FilePayload:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return {"name": name, "mimeType": kind, "buffer": content}


def card_of(page: Page, name: str) -> Locator:
    return page.locator(".card", has=page.get_by_role("heading", name=name, exact=True))


def finished_card(page: Page, name: str, state: str) -> Locator:
    """The card of a picture that has come to its end."""
    card = card_of(page, name)
    expect(card.locator(".badge:not(.review)")).to_have_text(state, timeout=SOON)
    return card


DOT = png(np.zeros((1, 1, 3), np.uint8))


def api_answer(**fields: Any) -> dict[str, Any]:
    """As the API answers about a picture with nothing in it, but for some fields."""
    picture = base64.b64encode(DOT).decode()
    pictures = ("mask_png_base64", "overlay_png_base64", "face_rgba_png_base64")
    told = {"width": 1, "height": 1, "boxes": [], "status": "empty", "reason": None}
    return {**told, "instances": [], **dict.fromkeys(pictures, picture), **fields}


def dot_file(name: str) -> FilePayload:
    return file_named(name, DOT)


def told_card(page: Page, **fields: Any) -> Locator:
    """The card of a picture about which the API answers that."""
    page.route(f"**{PATH}", lambda route: route.fulfill(json=api_answer(**fields)))
    choose(page, dot_file("told.png"))
    return finished_card(page, "told.png", fields.get("status", "empty"))
