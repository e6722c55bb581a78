"""Three people at their pages, in a real browser, on the whole system with a month of returns.

Every page that they open is looked at: axe finds nothing, nothing scrolls sideways at 320 pixels,
the keyboard reaches every link and button, and the browser's console is silent. The journeys are
walked with script and without.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from services.ledger.domain.log import notes, prooffile
from tests.browser import browsing
from tests.stories.test_demo import played

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        browsing.program() is None,
        reason="there is no Chromium; `.ci/chromium` installs it, as root and with apt",
    ),
]
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
  )].filter(each => each.checkVisibility()).map(
    each => [...document.querySelectorAll("*")].indexOf(each)
  )"""
"""What the keyboard must reach, by its place in the document."""
WITH_TARGETS: Final = {
    "resultTypes": ["violations"],
    "rules": {"target-size": {"enabled": True}},
}


class Person:
    """Somebody who works with the keyboard, and looks at each page that opens."""

    def __init__(self, page: Page, *, has_script: bool) -> None:
        self.page, self.has_script = page, has_script
        self.complaints: list[str] = []
        page.on("console", lambda said: self.complaints.append(f"{page.url}: {said.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))

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


class TestPages:
    async def test_stand(self, new_state: Callable[[], Path], tmp_path: Path) -> None:
        """With script and without."""
        state = new_state()
        async with played(state), browsing.started() as browser:
            services = json.loads((state / "stack.json").read_text())["services"]
            sign_in = f"{services['intake']['url']}/sign-in"
            for has_script in (True, False):
                async with browsing.opened(browser, has_script=has_script) as page:
                    person = Person(page, has_script=has_script)
                    await a_supplier_sees_what_counts(person, sign_in)
                    await a_manager_sees_what_is_behind(person, sign_in)
                    await a_manager_sees_what_is_overdue(person, sign_in)
                    await an_auditor_verifies_an_entry(person, sign_in, tmp_path)
                    await whoever_signs_out_is_out(person)


async def a_supplier_sees_what_counts(person: Person, sign_in: str) -> None:
    """First what to send: all is in, and November's return is due on the 10th working day of
    December. Then June: a postcode that does not exist waits for the council."""
    await person.open(sign_in)
    await person.follow("Asha Rowntree")
    await person.reads(
        "Asha Rowntree, supplier",
        "Here it is 16 November 2026",
        "Returns Nothing to send. Next: November 2026, between 1 and 14 December 2026.",
        "November 2026 KMBC-2026-0101 1 and 14 December 2026 Not yet",
        "Returns are sent by program today: how to send one.",
    )
    link = person.page.get_by_role("link", name="June 2026", exact=True)
    rows = person.page.get_by_role("row").filter(has_text="KMBC-2026-0101").filter(has=link)
    href = await rows.get_by_role("link").get_attribute("href")
    assert href is not None
    await person.open(sign_in.removesuffix("/sign-in") + href)
    await person.reads(
        "Return for June 2026",
        "5 of 6 lines count. 1 waits for the council; you need not do anything.",
        "£500.00 £0.00 Waits for the council",
        "Received, receipt 6",
    )
    await person.follow("Entry 41 of the record", ends="/entries/41")
    await person.reads("Entry 41", "ReturnReceived", "June 2026", "Receipt 6")


async def a_manager_sees_what_is_behind(person: Person, sign_in: str) -> None:
    """£1,000 a day for 184 days, of which £150,000 counts: 34,000 of 365,000 is 9.3%. And 4 hours a
    day, of which 606 of 736 count: 130 of 1,460 is 8.9%, but a return is missing."""
    await person.open(sign_in)
    await person.follow("Priya Nair")
    await person.reads(
        "1 promise is behind. 1 promise cannot be rated till a return comes or the council "
        "decides.",
        "Requires improvement £34,000 9.3% of the whole target None Open: the supplier is to be",
        "Other A return is missing. 130 hours 8.9% of the whole target 1 July 2026 None",
    )
    await a_list_is_narrowed_down(person)
    await person.follow("Community hub in Page Moss: building works")
    await person.reads(
        "1 of 3 promises is behind: Spend with firms in Knowsley, £34,000.",
        "Spend with firms in Knowsley: behind since June 2026",
    )
    await person.page.locator("summary").nth(1).press("Enter")
    await person.reads("October 2026 £184,000 £150,000 81.5% Requires improvement")


async def a_list_is_narrowed_down(person: Person) -> None:
    """By a form, which says what it does not understand; and back to all."""
    home = person.page.url
    await person.page.get_by_label("Returns missing").select_option("Yes")
    await person.follow("Filter", ends="?rating=&missing=true&case=&supplier=&contract=")
    await person.reads("3 promises match these filters: none is behind.")
    await person.page.get_by_label("Contract (reference)").fill("KMBC-2026-0199")
    async with person.page.expect_navigation():
        await person.page.keyboard.press("Enter")
    await person.reads("There is a problem You have no contract 'KMBC-2026-0199'.")
    if person.has_script:
        await person.ask_axe()
    person.complaints.clear()  # the browser's own word about 422
    await person.open(home)


async def a_manager_sees_what_is_overdue(person: Person, sign_in: str) -> None:
    """July's return was due on 14 August; 31 August was a holiday."""
    await person.open(f"{sign_in.removesuffix('/sign-in')}/")
    await person.reads(
        "Returns 1 return is overdue. Returns that are overdue",
        "July 2026 KMBC-2026-0104 GB-COH-99000003 1 and 14 August 2026 Overdue by 65 working days",
    )
    await person.follow("Next page")
    await person.reads("Returns Sent before")


async def an_auditor_verifies_an_entry(person: Person, sign_in: str, folder: Path) -> None:
    """With the files that the page gives, and nothing else."""
    await person.open(sign_in)
    await person.follow("Noor Aziz")
    await person.follow("Next page")
    await person.follow("Next page")
    await person.follow("/entries/0", ends="/entries/0")
    await person.reads("Entry 0", "ContractRegistered")
    leaf, proof = [
        (await saved(person.page, words, folder)).read_bytes()
        for words in ("leaf of entry 0", "proof")
    ]
    codes = [each.strip() for each in await person.page.locator("code.mg-id").all_inner_texts()]
    assert hashlib.sha256(b"\0" + leaf).hexdigest() == codes[0]
    key = notes.parse_verifier_key(codes[1])
    prooffile.verify(proof.decode(), leaf, key, origin=key.name)
    await person.page.locator("summary").press("Enter")
    await person.reads("Verify this yourself", "You see it because of your role.")


async def saved(page: Page, words: str, folder: Path) -> Path:
    """The file behind a link."""
    async with page.expect_download() as download:
        await page.get_by_role("link", name=words, exact=True).click()
    file = await download.value
    await file.save_as(folder / file.suggested_filename)
    return folder / file.suggested_filename


async def whoever_signs_out_is_out(person: Person) -> None:
    """On every page."""
    home = person.page.url.partition("/entries")[0]
    await person.follow("Sign out", ends="/signed-out")
    answer = await person.page.goto(home)
    assert answer is not None
    assert 401 == answer.status
    await person.reads("Sign in to see this page")
    person.complaints.clear()  # the browser's own word about 401
