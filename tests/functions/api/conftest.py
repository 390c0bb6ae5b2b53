"""Fixtures: the API with buckets, a real browser, and the complete system with the page."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from google.cloud import storage as gcs
from playwright.sync_api import Browser, ConsoleMessage, Error, Page, ViewportSize, expect

from local import stack
from local.stack import Stack
from tests import chromium
from tests.functions.api import browsing
from tests.functions.api.service import client
from tests.shared.segmentation_runs import output

WINDOW: ViewportSize = {"width": 1200, "height": 900}

expect.set_options(timeout=20_000)
"""In milliseconds. On a busy machine Chromium waits for 5.7 seconds before it encodes a canvas."""


@pytest.fixture
def api(bucket: gcs.Bucket) -> FlaskClient:
    """A test client of the API with a pair of buckets."""
    return client(INPUT_BUCKET=bucket.name, OUTPUT_BUCKET=output(bucket).name)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium.running() as running:
        yield running


@pytest.fixture(scope="package")
def system() -> Iterator[Stack]:
    """The complete system with the page."""
    with (
        tempfile.TemporaryDirectory(prefix="toonmask-page-") as root,
        stack.running(Path(root), {"FRAMES": "all"}, "embedded", with_api=True) as running,
    ):
        yield running


@pytest.fixture(scope="package")
def window(browser: Browser) -> Iterator[Page]:
    """A window of the browser. A new one for each test would load all modules again."""
    with browser.new_context(viewport=WINDOW) as context:
        yield context.new_page()


@pytest.fixture
def page(system: Stack, window: Page) -> Iterator[Page]:
    """The page, just opened. At the end, checks that its console has no errors."""
    errors: list[str] = []

    def note(line: ConsoleMessage) -> None:
        if _is_error(line):
            errors.append(line.text)

    def fail(error: Error) -> None:
        errors.append(str(error))

    window.set_viewport_size(WINDOW)
    window.emulate_media(color_scheme="light", reduced_motion="reduce")
    window.on("pageerror", fail)
    window.on("console", note)
    window.goto(system.page)
    window.wait_for_selector("html[data-ready]", state="attached")
    yield window
    window.remove_listener("pageerror", fail)
    window.remove_listener("console", note)
    window.unroute_all(behavior="ignoreErrors")
    window.context.unroute_all(behavior="ignoreErrors")
    window.evaluate("sessionStorage.clear()")
    window.goto("about:blank")
    assert errors == []


@pytest.fixture
def phone(system: Stack, browser: Browser) -> Iterator[Page]:
    """The page on a phone of a usual size."""
    with browsing.phone(browser, system.page, 390, 844) as opened:
        yield opened


def _is_error(line: ConsoleMessage) -> bool:
    """Whether it is an error of the page. The browser also reports responses with an error."""
    return line.type == "error" and not line.text.startswith("Failed to load resource")
