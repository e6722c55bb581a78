"""Somebody at the pages, in a real browser, who looks at every page that opens.

axe finds nothing, nothing scrolls sideways at 320 pixels, the keyboard reaches every link and
button, and the browser's console is silent.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.browser import browsing

NEEDS_BROWSER: Final = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        browsing.program() is None,
        reason="there is no Chromium; `.ci/chromium` installs it, as root and with apt",
    ),
]
"""The marks of every module with a journey."""
TABS_MAX: Final = 300
"""More than any page has to stop at."""

FOCUSED: Final = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  const drawn = getComputedStyle(at);
  return {
    names: [at.innerText.trim(), at.href ? new URL(at.href).pathname : null],
    place: [...document.querySelectorAll("*")].indexOf(at),
    isSeen: drawn.outlineStyle !== "none" || drawn.boxShadow !== "none",
  };
}"""
STOPS: Final = """() => [...document.querySelectorAll(
    "a[href], button, summary, input:not([type=hidden]), [tabindex='0']"
  )].filter(each => each.checkVisibility()).filter(
    each => each.type !== "radio" || each === (
      document.querySelector(`[name="${each.name}"]:checked`)
      ?? document.querySelector(`[name="${each.name}"]`)
    )
  ).map(
    each => [...document.querySelectorAll("*")].indexOf(each)
  )"""
"""What Tab must reach, by its place in the document. Of radio buttons it reaches one; the arrows
lead to the others."""
WITH_TARGETS: Final = {
    "resultTypes": ["violations"],
    "rules": {"target-size": {"enabled": True}},
}


class Person:
    """Somebody who works with the keyboard, and looks at each page that opens."""

    def __init__(self, page: Page, sites: Mapping[str, str], *, has_script: bool) -> None:
        self.page, self.sites, self.has_script = page, sites, has_script
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(f"{page.url}: {said.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

    async def sign_in(self, name: str) -> None:
        """As one of the people of the demonstration."""
        await self.open(f"{self.sites['intake']}/sign-in")
        await self.follow(name)

    async def open(self, url: str) -> None:
        """A page by its address."""
        answer = await self.page.goto(url)
        assert answer is not None
        assert 200 == answer.status, url
        await self.look()

    async def follow(self, name: str, *, ends: str | None = None) -> None:
        """Goes to the first link or button of these words, or to this path, with Tab, and presses
        Enter."""
        for _ in range(TABS_MAX):
            await self.page.keyboard.press("Tab")
            at = await self.page.evaluate(FOCUSED)
            if at is not None and name in at["names"]:
                break
        else:
            pytest.fail(f"the keyboard does not reach {name!r} on {self.page.url}")
        async with self.page.expect_navigation():
            await self.page.keyboard.press("Enter")
        await self.look()
        if ends is not None:
            assert self.page.url.endswith(ends)

    async def reads(self, *sentences: str) -> None:
        """All of these stand on the page."""
        text = " ".join((await self.page.locator("body").inner_text()).split())
        for sentence in sentences:
            assert sentence in text, f"{sentence!r} is not on {self.page.url}: {text[:600]}"

    async def look(self) -> None:
        """At what every page must have."""
        page = self.page
        assert 1 == await page.locator("h1").count(), page.url
        heading, title = await page.locator("h1").inner_text(), await page.title()
        assert title.startswith(heading), page.url
        assert [] == await self.unreached(), page.url
        await page.set_viewport_size({"width": browsing.NARROW, "height": 800})
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert browsing.NARROW >= width, f"{page.url} scrolls sideways"
        if self.has_script:
            await self.ask_axe()
        await page.set_viewport_size({"width": browsing.WIDE, "height": 800})
        if self.has_script:
            await self.ask_axe()
        assert [] == self.complaints

    async def unreached(self) -> list[int]:
        """What the keyboard does not reach, or does not show that it has reached."""
        wanted = set(await self.page.evaluate(STOPS))
        reached: set[int] = set()
        for _ in range(TABS_MAX):
            await self.page.keyboard.press("Tab")
            at = await self.page.evaluate(FOCUSED)
            if at is None or (at["place"] in reached and wanted <= reached):
                break
            if at["isSeen"]:
                reached.add(at["place"])
        return sorted(wanted - reached)

    async def ask_axe(self) -> None:
        """The checker of accessibility."""
        found = (await Axe().run(self.page, options=WITH_TARGETS)).response["violations"]
        assert [] == [(each["id"], node["html"]) for each in found for node in each["nodes"]], (
            self.page.url
        )


@contextlib.asynccontextmanager
async def at_the_desk(sites: Mapping[str, str], *, has_script: bool) -> AsyncIterator[Person]:
    """A new visitor with a browser of one's own. `sites`: as the fixture `demo` says."""
    async with (
        browsing.started() as browser,
        browsing.opened(browser, has_script=has_script) as page,
    ):
        yield Person(page, sites, has_script=has_script)


async def saved(page: Page, words: str, folder: Path) -> Path:
    """The file behind a link."""
    async with page.expect_download() as download:
        await page.get_by_role("link", name=words, exact=True).click()
    file = await download.value
    await file.save_as(folder / file.suggested_filename)
    return folder / file.suggested_filename
