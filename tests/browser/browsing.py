"""A real browser for tests and pictures: the machine's own Chromium, driven by Playwright."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from typing import Final

from playwright.async_api import Browser, Page, async_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
WIDE: Final = 1280
NARROW: Final = 320
"""The narrowest page on which nothing may scroll sideways (WCAG 1.4.10)."""
SECONDS_MAX: Final = 30.0
"""A page is there in a tenth of a second; a machine with much to do needs longer."""


def program() -> str | None:
    """The path of the browser; None if there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.asynccontextmanager
async def started() -> AsyncIterator[Browser]:
    """A browser while the block runs."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program(),
            # its own sandbox needs what a container's root has not
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        try:
            yield browser
        finally:
            await browser.close()


@contextlib.asynccontextmanager
async def opened(
    browser: Browser, *, width: int = WIDE, has_script: bool = True
) -> AsyncIterator[Page]:
    """A page of a new visitor."""
    context = await browser.new_context(
        viewport={"width": width, "height": 800}, java_script_enabled=has_script
    )
    context.set_default_timeout(SECONDS_MAX * 1000)
    try:
        yield await context.new_page()
    finally:
        await context.close()
