"""A real browser, and the whole system with the page."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from local import stack
from local.stack import Stack

_QUIET = ("background-networking", "component-update", "gpu", "quic", "sync")
"""What Chromium would do at its start beside showing the page: it goes looking for its maker."""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium, without a window."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip(
            "Chromium is not on PATH: the page was not tested "
            "(tests/functions/api/test_*page*.py). `apt-get install chromium`, or what your system "
            "calls that."
        )
    with sync_playwright() as playwright:
        arguments = [f"--disable-{name}" for name in _QUIET]
        browser = playwright.chromium.launch(
            executable_path=program, args=arguments, chromium_sandbox=False
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def system() -> Iterator[Stack]:
    """The whole system with the page."""
    with (
        tempfile.TemporaryDirectory(prefix="toonmask-page-") as root,
        stack.running(Path(root), {}, "embedded", with_api=True) as running,
    ):
        yield running


@pytest.fixture
def page(system: Stack, browser: Browser) -> Iterator[Page]:
    """The page, just opened. In the end nothing may have gone wrong in it unseen."""
    with browser.new_context(
        viewport={"width": 1200, "height": 900}, reduced_motion="reduce"
    ) as context:
        opened = context.new_page()
        errors: list[str] = []
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on(
            "console", lambda line: errors.append(line.text) if _is_trouble(line.text) else None
        )
        opened.goto(system.page)
        opened.wait_for_selector("html[data-ready]", state="attached")
        yield opened
        assert errors == []


def _is_trouble(text: str) -> bool:
    return any(word in text for word in ("Content Security Policy", "Trusted", "Uncaught"))
