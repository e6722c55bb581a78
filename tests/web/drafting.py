"""A supplier at the pages of drafts, who sends forms as a browser does."""

from __future__ import annotations

import html
import re
from typing import Any, Final

import httpx

from services.intake.domain import drafts
from services.intake.drafts import drafting, months
from shared.web import auth
from shared.web.scope import Scope
from tests.support import intake_builders as build
from tests.support.visitors import Visitor
from tests.unit.pages import drawing
from tests.web.test_intake_api import RunningSystem

SUPPLIER: Final = auth.Caller("s", "supplier", build.AUTHORITY, build.PARTY)
OCTOBER: Final = f"/drafts/{build.CONTRACT}/2026-10"
SCHOOLS: Final = f"{OCTOBER}/promises/schools"
SPEND: Final = f"{OCTOBER}/promises/local-spend"
APPRENTICES: Final = f"{OCTOBER}/promises/apprentices"
VISIT: Final = {
    "place-school": "143878",
    "from": "14 October 2026",
    "quantity": "1",
    "session-deliverer_id": "00000001",
}


class Desk(Visitor):
    """A supplier at the pages, who sends forms as a browser does."""

    def __init__(self, system: RunningSystem, name: str = "Asha Rowntree") -> None:
        super().__init__(system.app, SUPPLIER, name)
        self.system = system

    async def send(self, path: str, **fields: Any) -> httpx.Response:
        """A form with these fields beside those that its page has hidden."""
        named = {name.rstrip("_"): value for name, value in fields.items()}
        return await self.ask("POST", path, named)

    async def seen(self, path: str) -> str:
        """The mark on the page of a form."""
        found = re.search(r'name="seen" value="([^"]*)"', (await self.get(path)).text)
        assert found is not None
        return found[1]

    async def reads(self, path: str) -> str:
        answer = await self.get(path)
        assert 200 == answer.status_code, answer.text
        return said(answer)

    async def draft(self) -> drafts.Draft:
        pool = self.system.pool
        of = Scope(build.AUTHORITY, build.PARTY)
        month = await months.find(pool, of, months.Slot(build.CONTRACT, "2026-10"), build.TODAY)
        assert month is not None
        assert month.draft is not None
        return month.draft


def said(answer: httpx.Response) -> str:
    """What stands on a page, in one line."""
    return html.unescape(drawing.text(re.split("</?main", answer.text)[1]))


def went_to(answer: httpx.Response) -> str:
    """Where a form that was stored leads."""
    assert 303 == answer.status_code, said(answer)
    return answer.headers["location"].removeprefix("http://127.0.0.1:8001")


async def fill(desk: Desk, count: int) -> None:
    """A draft of this many visits, each with a fault."""
    of = Scope(build.AUTHORITY, build.PARTY)
    month = await months.find(
        desk.system.pool, of, months.Slot(build.CONTRACT, "2026-10"), build.TODAY
    )
    assert month is not None
    saver = drafting.Saver("Asha Rowntree", desk.system.app.state.dependencies.clock.now())
    line = build.a_line(build.VISIT, from_="2026-09-01", late=None, session=None)
    edit: drafting.Edit = lambda it: drafts.add_lines(it.content, [line] * count)  # noqa: E731
    assert isinstance(await drafting.change(desk.system.pool, month, edit, saver), drafts.Draft)
