"""Filling in a month's return in pages, on a real database: the month and its promises."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.intake.domain import drafts
from tests.support import intake_builders as build
from tests.support.visitors import counted
from tests.web.drafting import (
    APPRENTICES,
    OCTOBER,
    SCHOOLS,
    SPEND,
    VISIT,
    Desk,
    fill,
    said,
    went_to,
)
from tests.web.test_intake_api import RunningSystem, open_system
from tests.web.test_pages import HTML_BYTES_MAX, QUERIES_MAX


@pytest.fixture
async def system(database: str, tmp_path: Path) -> AsyncIterator[RunningSystem]:
    async with open_system(database, tmp_path) as opened:
        yield opened


@pytest.fixture
def desk(system: RunningSystem) -> Desk:
    return Desk(system)


class TestAMonth:
    async def test_has_a_task_for_each_promise(self, desk: Desk) -> None:
        """Before anything is saved; looking at it saves nothing."""
        text = await desk.reads(OCTOBER)
        assert "Return for October 2026 Send it by 13 November 2026. Nothing is saved yet." in text
        assert 4 == text.count("Not started")
        assert "Check and send 4 promises to finish first Cannot start yet" in text
        assert f'"{OCTOBER}/check"' not in (await desk.get(OCTOBER)).text
        assert 0 == await desk.system.pool.fetchval("SELECT count(*) FROM draft")

    async def test_shows_how_far_each_is(self, desk: Desk) -> None:
        """A line, nothing, a line with a fault."""
        await desk.send(f"{SCHOOLS}/lines/new", **VISIT, then="save")
        await desk.send(SCHOOLS, seen=drafts.mark(None), answer="finished")
        await desk.send(APPRENTICES, seen=drafts.mark(None), answer="nothing")
        await desk.send(f"{SPEND}/lines/new", quantity="100", from_="20/10/2026", then="as_it_is")
        text = await desk.reads(OCTOBER)
        assert "Apprentices started Nothing this month" in text
        assert "Spend in the local area 1 line, £100 There is a problem" in text
        assert "School visits 1 line, 1 visit Completed" in text
        assert "Participant hours: duration times attendees Not started" in text
        assert "2 promises to finish first" in text
        assert "Saved 5 November 2026, 09:00, by Asha Rowntree." in text
        assert "The draft is kept until 12 January 2027, and deleted then." in text

    async def test_can_be_checked_when_each_promise_is_answered(self, desk: Desk) -> None:
        for name in build.MEASURES:
            path = f"{OCTOBER}/promises/{name}"
            answer = await desk.send(path, seen=drafts.mark(None), answer="nothing")
            assert OCTOBER == went_to(answer)
        assert f'{OCTOBER}/check"' in (await desk.get(OCTOBER)).text
        assert (await desk.draft()).content.document["nil"] is True

    async def test_that_cannot_be_filled_in_says_why(self, desk: Desk) -> None:
        """One that has not ended, one that is not asked for, one that is in."""
        november = f"/drafts/{build.CONTRACT}/2026-11"
        assert (
            "November 2026 has not ended. Fill in its return between 1 and 14 December 2026."
            in await desk.reads(november)
        )
        june = await desk.reads(f"/drafts/{build.CONTRACT}/2026-06")
        assert "This contract asks for no return for June 2026." in june
        own = await desk.system.caller("supplier", build.PARTY)
        sent = (await own.send(build.a_return())).json()
        assert "You sent the return for October 2026: receipt 1." in await desk.reads(OCTOBER)
        assert f"/returns/{sent['return_id']}" in (await desk.get(OCTOBER)).text
        for path in (SCHOOLS, f"{SCHOOLS}/lines/new", f"{OCTOBER}/copy", f"{OCTOBER}/nothing"):
            assert OCTOBER == went_to(await desk.get(path))
        assert OCTOBER == went_to(await desk.send(f"{SCHOOLS}/lines/new", **VISIT))

    async def test_keeps_what_was_invoiced(self, desk: Desk) -> None:
        """As people write amounts; what is none comes back as it was typed, with the reason."""
        path = f"{OCTOBER}/invoiced"
        seen = await desk.seen(OCTOBER)
        answer = await desk.send(path, seen=seen, invoiced_to_date="£182,340.00")
        assert OCTOBER == went_to(answer)
        assert "182340.00" == (await desk.draft()).content.document["invoiced_to_date"]
        wrong = await desk.send(path, seen=seen, invoiced_to_date="a lot")
        assert 422 == wrong.status_code
        assert "<title>Error: Return for October 2026" in wrong.text
        assert "There is a problem Value invoiced to date: this must be an amount" in said(wrong)
        assert 'value="a lot"' in wrong.text

    async def test_with_nothing_to_report_asks_first(self, desk: Desk) -> None:
        """Its lines would go."""
        await desk.send(f"{SCHOOLS}/lines/new", **VISIT)
        path = f"{OCTOBER}/nothing"
        assert "1 line of the draft would be removed." in await desk.reads(path)
        seen = await desk.seen(path)
        await desk.send(f"{SCHOOLS}/lines/new", **VISIT)
        assert path == went_to(await desk.send(path, seen=seen))
        assert 2 == len((await desk.draft()).content.lines)
        assert OCTOBER == went_to(await desk.send(path, seen=await desk.seen(path)))
        draft = await desk.draft()
        assert ([], True) == (draft.content.lines, draft.content.document["nil"])
        assert {"nothing"} == set(draft.content.answers.values())

    async def test_can_be_deleted_as_it_was_seen(self, desk: Desk) -> None:
        """Asked first; asked again if it was saved meanwhile."""
        path = f"{OCTOBER}/delete"
        assert OCTOBER == went_to(await desk.get(path))
        await desk.send(f"{SCHOOLS}/lines/new", **VISIT)
        assert "Delete this draft? It has 1 line." in await desk.reads(path)
        assert path == went_to(await desk.send(path, seen="9"))
        assert "/" == went_to(await desk.send(path, seen="1"))
        assert "Nothing is saved yet." in await desk.reads(OCTOBER)


class TestAPromise:
    async def test_lists_its_lines_with_what_is_wrong(self, desk: Desk) -> None:
        await desk.send(f"{SCHOOLS}/lines/new", **VISIT)
        await desk.send(
            f"{SCHOOLS}/lines/new", **VISIT | {"from": "30 September 2026"}, then="as_it_is"
        )
        text = await desk.reads(SCHOOLS)
        assert "School visits 2 lines: 2 visits. Counted in visits." in text
        assert (
            "Change line 1 14 October 2026 GB-EDU-143878 1 visit None Remove line 1 "
            "Change line 2 Date: this is before October 2026, the month of this return." in text
        )

    async def test_is_answered(self, desk: Desk) -> None:
        """Not with yes while there is nothing, nor with nothing while there is a line."""
        seen = await desk.seen(SCHOOLS)
        wrong = await desk.send(SCHOOLS, seen=seen, answer="finished")
        assert 422 == wrong.status_code
        assert "Add a line first, or choose “Nothing this month”." in said(wrong)
        assert "Say whether you have finished" in said(await desk.send(SCHOOLS, seen=seen))
        await desk.send(f"{SCHOOLS}/lines/new", **VISIT)
        wrong = await desk.send(SCHOOLS, seen=seen, answer="nothing")
        assert "There is 1 line: remove them first." not in said(wrong)
        assert "There is 1 line: remove it first." in said(wrong)
        assert OCTOBER == went_to(await desk.send(SCHOOLS, seen=seen, answer="finished"))
        assert "Completed" in await desk.reads(OCTOBER)

    async def test_asks_who_is_still_in_post(self, desk: Desk) -> None:
        """Those of September's return: one stays, one has left, one is not answered."""
        own = await desk.system.caller("supplier", build.PARTY)
        lines = [
            build.a_line(line_id=str(n), person__ref=f"APP-{n}", person__in_post_on=None)
            | {"from": "2026-10-06"}
            for n in (1, 2, 3)
        ]
        assert 201 == (await own.send(build.a_return(*lines))).status_code
        day = {"day": "2026-12-02"}
        operator = await desk.system.caller("operator")
        assert 200 == (await operator.post("/api/v1/clock", day)).status_code
        path = APPRENTICES.replace("2026-10", "2026-11")
        page = await desk.get(path)
        assert "APP-1: still in post on 30 November 2026?" in said(page)
        names = re.findall(r'name="(stay-\w+)" type="radio" value="yes"', page.text)
        assert 3 == len(names)
        answers = {names[0]: "yes", names[1]: "left", "answer": "finished"}
        wrong = await desk.send(path, seen=drafts.mark(None), **answers)
        assert "Give the day on which the person left" in said(wrong)
        answers[names[1].replace("stay", "left")] = "12/11/2026"
        assert 303 == (await desk.send(path, seen=drafts.mark(None), **answers)).status_code
        text = await desk.reads(path)
        assert "2 lines: 2 FTE." in text
        assert "APP-3: still in post on 30 November 2026?" in text
        assert "APP-1: still" not in text

    async def test_shows_fifty_lines_at_once(self, desk: Desk) -> None:
        """With the way on; each page within its budget."""
        await fill(desk, 120)
        text = await desk.reads(SCHOOLS)
        assert "120 lines: 120 visits." in text
        assert 50 == text.count("Change line")
        assert f'{SCHOOLS}?cursor=50"' in (await desk.get(SCHOOLS)).text
        last = await desk.reads(f"{SCHOOLS}?cursor=100")
        assert 20 == last.count("Change line")
        assert "Change line 101" in last


class TestCopying:
    async def test_takes_what_goes_on(self, desk: Desk) -> None:
        """October's apprentice; not its spend and visits. What is copied is not offered again."""
        own = await desk.system.caller("supplier", build.PARTY)
        assert 201 == (await own.send(build.a_return())).status_code
        operator = await desk.system.caller("operator")
        await operator.post("/api/v1/clock", {"day": "2026-12-02"})
        november = f"/drafts/{build.CONTRACT}/2026-11"
        page = await desk.get(f"{november}/copy")
        assert "Copy from October 2026 1 line of October 2026 can go on." in said(page)
        assert "APP-014, L36 9YU 1 November 2026; 1 FTE; Apprentices started" in said(page)
        none = await desk.send(f"{november}/copy")
        assert (422, True) == (none.status_code, "Tick at least one line" in said(none))
        ticked = re.findall(r'type="checkbox" value="(\w+)"', page.text)
        answer = await desk.send(f"{november}/copy", lines=ticked)
        assert november == went_to(answer)
        assert "Apprentices started 1 line, 1 FTE In progress" in await desk.reads(november)
        again = await desk.reads(f"{november}/copy")
        assert "There is nothing to copy from October 2026." in again
        await desk.send(f"{november}/copy", lines=ticked)
        assert "1 line, 1 FTE" in await desk.reads(november)


class TestHome:
    async def test_leads_to_what_can_be_filled_in(self, desk: Desk) -> None:
        """Start, then Continue with when it was saved."""
        text = await desk.reads("/")
        assert "October 2026 KMBC-2026-0117 1 and 13 November 2026 Open Start" in text
        assert f'{OCTOBER}"' in (await desk.get("/")).text
        await desk.send(f"{SCHOOLS}/lines/new", **VISIT)
        text = await desk.reads("/")
        assert "Continue" in text
        assert "Saved 5 November 2026, 09:00" in text


class TestCost:
    async def test_of_each_page_is_bounded(self, desk: Desk) -> None:
        """In queries and in bytes, with a full page of lines."""
        own = await desk.system.caller("supplier", build.PARTY)
        await own.send(build.a_return(period="2026-09"))
        await fill(desk, 60)
        for path in (
            "/",
            OCTOBER,
            SCHOOLS,
            APPRENTICES,
            f"{SPEND}/lines/new",
            f"{SCHOOLS}/lines/60",
            f"{SCHOOLS}/lines/60/remove",
            f"{OCTOBER}/copy",
            f"{OCTOBER}/nothing",
            f"{OCTOBER}/delete",
        ):
            async with counted(desk.system.pool) as queries:
                answer = await desk.get(path)
            assert 200 == answer.status_code, path
            assert 1 <= len(queries) <= QUERIES_MAX, (path, queries)
            assert len(answer.content) <= HTML_BYTES_MAX, path
