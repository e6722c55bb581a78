"""Whoever follows every link gets everywhere: one page of each kind in a real browser, the rest by
their answer alone."""

from __future__ import annotations

import collections
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urldefrag, urlsplit

import pytest

from tests.browser.person import NEEDS_BROWSER, Person, at_the_desk

pytestmark = NEEDS_BROWSER

PEOPLE: Final = ("Asha Rowntree", "Priya Nair", "Ruth Okafor", "Noor Aziz")
"""One of each role that has pages."""
PAGES_MAX: Final = 400
"""Addresses that are followed for one person: far more than there are kinds of pages."""
OF_A_KIND_MAX: Final = 12
"""Of these, as many of one kind: a list of five hundred says no more than its beginning."""

LINKS: Final = "() => [...document.querySelectorAll('a[href]')].map(each => each.href)"


def kind(address: str) -> str:
    """What pages of one route have in common: the address without ids and months. A filter makes a
    kind of its own, a cursor does not."""
    site = urlsplit(address)
    path = re.sub(r"/(?=[^/]*\d)[^/]+", "/…", site.path)
    names = sorted({each.partition("=")[0] for each in site.query.split("&")} - {"cursor"})
    return f"{site.netloc}{path}?{'&'.join(names)}"


class Crawl:
    """One person's way along all links."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.looked_at: dict[str, str] = {}
        """The title of one page of each kind."""
        self._found: dict[str, str] = {}
        """Where each address was found."""
        self._waiting: collections.deque[str] = collections.deque()
        self._of_a_kind: collections.Counter[str] = collections.Counter()

    async def follow_all(self, begin: str) -> None:
        """From this page on."""
        self._note(begin, begin)
        while self._waiting:
            address = self._waiting.popleft()
            answer = await self.person.page.request.get(address, headers={"accept": "text/html"})
            assert 200 == answer.status, (address, "from", self._found[address])
            is_page = "html" in answer.headers["content-type"]
            if not is_page or "content-disposition" in answer.headers:
                continue
            if kind(address) not in self.looked_at:
                await self.person.open(address)
                self.looked_at[kind(address)] = await self.person.page.title()
                for each in await self.person.page.evaluate(LINKS):
                    self._note(each, address)

    def _note(self, link: str, found_on: str) -> None:
        address = urldefrag(link).url
        is_ours = any(address.startswith(f"{url}/") for url in self.person.sites.values())
        leaves = "/sign-in" in address or address.endswith(("/docs", "/signed-out"))
        if not is_ours or leaves or address in self._found or len(self._found) >= PAGES_MAX:
            return
        if self._of_a_kind[kind(address)] >= OF_A_KIND_MAX:
            return
        self._of_a_kind[kind(address)] += 1
        self._found[address] = found_on
        self._waiting.append(address)


@pytest.mark.parametrize("name", PEOPLE)
async def test_every_link_leads_somewhere(name: str, demo: Mapping[str, str]) -> None:
    """And every kind of page stands: one heading, a title that begins with it, nothing sideways,
    reachable by keyboard, and axe finds nothing."""
    async with at_the_desk(demo, has_script=True) as person:
        await person.sign_in(name)
        crawl = Crawl(person)
        await crawl.follow_all(person.page.url)
    sites = {kind.partition("/")[0] for kind in crawl.looked_at}
    assert {urlsplit(url).netloc for url in demo.values()} == sites
