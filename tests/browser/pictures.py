"""`python -m tests.browser.pictures`: takes the README's pictures of pages, in an own demo."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Page

from deploy.local.servers import both
from tests.browser import browsing
from tests.stories.test_demo import played

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "pictures"
WIDTH: Final = 1000


async def take(folder: Path = FOLDER) -> None:
    """Takes them all."""
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="makegood-pictures-") as temporary:
        state = Path(temporary)
        state.chmod(0o711)  # PostgreSQL's user must reach its folder
        async with played(state), browsing.started() as browser:
            services = json.loads((state / "stack.json").read_text())["services"]
            async with browsing.opened(browser, width=WIDTH) as page:
                await take_each(page, services["intake"]["url"], folder)
        both.Servers(state / "demo").remove()


async def take_each(page: Page, intake: str, folder: Path) -> None:
    """One page of each service, as the one whose work it is sees it."""
    await page.goto(f"{intake}/sign-in/asha-rowntree")
    await page.get_by_role("link", name="June 2026", exact=True).last.click()
    await page.screenshot(path=folder / "return.png")
    await page.goto(f"{intake}/sign-in/priya-nair")
    await page.get_by_role("link", name="Community hub in Page Moss: building works").first.click()
    await page.get_by_role("link", name="Spend with firms in Knowsley").first.click()
    await page.screenshot(path=folder / "promise.png")
    await page.goto(f"{intake}/sign-in/noor-aziz")
    await page.locator("tbody").get_by_role("link").first.click()
    await page.screenshot(path=folder / "entry.png")


if __name__ == "__main__":
    asyncio.run(take())
