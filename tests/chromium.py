"""Headless Chromium for tests of pages."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

_QUIET = ("background-networking", "component-update", "gpu", "quic", "sync")
"""Features of Chromium that are disabled. Most of them send requests to Google at the start."""


@contextmanager
def running() -> Iterator[Browser]:
    """Starts Chromium, and stops it. Without Chromium, the test is skipped."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip(
            "Chromium is not on PATH: the pages and exported SVGs were not tested "
            "(tests/functions/api/test_*page*.py, test_picture_export.py, "
            "tests/local/test_gallery_page.py). "
            "`apt-get install chromium`, or what your system calls that."
        )
    with sync_playwright() as playwright:
        arguments = [f"--disable-{name}" for name in _QUIET]
        browser = playwright.chromium.launch(
            executable_path=program, args=arguments, chromium_sandbox=False
        )
        yield browser
        browser.close()
