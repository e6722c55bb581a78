"""Drafts in the database: one for each month, saved without losing what others saved."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest

from services.intake import store
from services.intake.domain import drafts
from services.intake.drafts import drafting, months, sweep
from services.intake.drafts.refusals import Refusal
from shared.web.scope import Scope
from tests.support import intake_builders as build
from tests.support import intake_service
from tests.support.intake_service import IntakeService

OWN: Final = Scope(build.AUTHORITY, build.PARTY)
TODAY: Final = date(2026, 11, 5)
OCTOBER: Final = months.Slot(build.CONTRACT, "2026-10")
ASHA: Final = drafting.Saver("Asha Rowntree", datetime(2026, 11, 5, 9, 14, tzinfo=UTC))
TOM: Final = drafting.Saver("Tom Feller", datetime(2026, 11, 5, 9, 20, tzinfo=UTC))


@pytest.fixture
async def service(database: str) -> AsyncIterator[IntakeService]:
    async with intake_service.at_work(database) as made:
        yield made


async def a_month(
    service: IntakeService, slot: months.Slot = OCTOBER, of: Scope = OWN
) -> months.Month:
    found = await months.find(service.pool, of, slot, TODAY)
    assert found is not None
    return found


def adding(line: Any) -> drafting.Edit:
    return lambda draft: drafts.add_lines(draft.content, [line])


async def saved(made: object) -> drafts.Draft:
    assert isinstance(made, drafts.Draft), made
    return made


class TestAMonth:
    async def test_is_known_to_suppliers_of_its_contract(self, service: IntakeService) -> None:
        """Not to another party, another authority, or an officer."""
        month = await a_month(service)
        assert ("open", date(2026, 11, 13)) == (month.asked and month.asked.state, month.due_on)
        assert month.is_open
        for of in (
            Scope(build.AUTHORITY, "GB-COH-00000009"),
            Scope("GB-LAE-SHN", build.PARTY),
            Scope(build.AUTHORITY),
        ):
            assert await months.find(service.pool, of, OCTOBER, TODAY) is None

    async def test_begins_with_the_next_revision(self, service: IntakeService) -> None:
        """After a return the month is in; after its withdrawal it is open again."""
        assert 1 == (await a_month(service)).content.document["revision"]
        await service.submit(build.a_return())
        month = await a_month(service)
        assert (1, 2, True) == (month.revision, month.content.document["revision"], month.is_in)
        assert not month.is_open

    async def test_that_has_not_ended_or_is_not_asked_for_is_not_open(
        self, service: IntakeService
    ) -> None:
        """November is running; in June the contract had not begun."""
        assert not (await a_month(service, months.Slot(build.CONTRACT, "2026-11"))).is_open
        assert (await a_month(service, months.Slot(build.CONTRACT, "2026-06"))).asked is None

    async def test_knows_the_lines_of_the_month_before(self, service: IntakeService) -> None:
        """Of the revision that stands."""
        await service.submit(build.a_return())
        again = build.a_return(build.VISIT, revision=2, reason="Only the visit was right")
        await service.submit(again)
        november = await a_month(service, months.Slot(build.CONTRACT, "2026-11"))
        assert [dict(build.VISIT)] == await months.find_lines_before(service.pool, november)
        assert [] == await months.find_lines_before(service.pool, await a_month(service))


class TestADraft:
    async def test_is_made_by_its_first_change(self, service: IntakeService) -> None:
        """And found again with its key, who saved it and when."""
        month = await a_month(service)
        made = await saved(await drafting.change(service.pool, month, adding(build.VISIT), ASHA))
        assert (1, date(2027, 1, 12)) == (made.version, made.gone_on)
        again = await saved(await drafting.change(service.pool, month, adding(build.SPEND), TOM))
        found = (await a_month(service)).draft
        assert again == found
        assert (made.key, 2, "Tom Feller") == (again.key, again.version, again.saved_by)
        assert ["1", "2"] == [line["line_id"] for line in again.content.lines]

    async def test_is_made_once_by_two_at_once(self, service: IntakeService) -> None:
        """Both lines are in the one draft."""
        month = await a_month(service)
        changes = (
            drafting.change(service.pool, month, adding(line), ASHA)
            for line in (build.VISIT, build.SPEND)
        )
        await asyncio.gather(*changes)
        found = (await a_month(service)).draft
        assert found is not None
        assert {"schools", "local-spend"} == {c["commitment_id"] for c in found.content.lines}
        assert 2 == found.version

    async def test_is_not_overwritten(self, service: IntakeService) -> None:
        """A change of something that was saved meanwhile hands back what is there."""
        month = await a_month(service)
        await drafting.change(service.pool, month, adding(build.VISIT), TOM)
        made = await drafting.change(service.pool, month, lambda _: None, ASHA)
        assert isinstance(made, drafting.Conflict)
        assert ("Tom Feller", 1) == (made.draft.saved_by, made.draft.version)

    async def test_can_begin_with_a_return(self, service: IntakeService) -> None:
        """The one that it replaces; unless there is a draft already."""
        await service.submit(build.a_return())
        month = await a_month(service)
        document = build.a_return(revision=2, reason="A visit was left out")
        made = await saved(await drafting.start(service.pool, month, document, ASHA))
        assert "A visit was left out" == made.content.document["reason"]
        assert 4 == len(made.content.lines)
        again = await drafting.start(service.pool, month, document, TOM)
        assert Refusal("draft_exists") == again
        checked = await months.check(await a_month(service))
        assert {"completed"} == {each.status for each in checked.tasks}
        assert ["/declaration"] == [fault.pointer for fault in checked.faults]

    async def test_is_bounded(
        self, service: IntakeService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In lines, in bytes, and in number; at a limit it stays as it was."""
        month = await a_month(service)
        made = await drafting.change(
            service.pool, month, lambda d: drafts.add_lines(d.content, [{}] * 5_001), ASHA
        )
        assert Refusal("draft_lines_full", 5_000) == made
        heavy = {"note": "x" * 10 * 1024 * 1024}
        made = await drafting.change(service.pool, month, adding(heavy), ASHA)
        assert Refusal("draft_too_large", 10 * 1024 * 1024) == made
        monkeypatch.setattr(drafting, "DRAFTS_MAX", 1)
        await saved(await drafting.change(service.pool, month, adding(build.VISIT), ASHA))
        november = await a_month(service, months.Slot(build.CONTRACT, "2026-11"))
        made = await drafting.change(service.pool, november, adding(build.VISIT), ASHA)
        assert Refusal("drafts_full", 1) == made
        assert 1 == len(await store.drafts.list_drafts(service.pool, OWN, 50))

    async def test_is_deleted_as_it_was_seen(self, service: IntakeService) -> None:
        """Or whatever it is."""
        month = await a_month(service)
        await drafting.change(service.pool, month, adding(build.VISIT), ASHA)
        assert not await drafting.drop(service.pool, month.place, 2)
        assert await drafting.drop(service.pool, month.place, 1)
        assert not await drafting.drop(service.pool, month.place)

    async def test_goes_when_its_day_has_come(self, service: IntakeService) -> None:
        """On 12 January, and not before; a large number piece by piece."""
        month = await a_month(service)
        await drafting.change(service.pool, month, adding(build.VISIT), ASHA)
        at = datetime(2027, 1, 11, 23, tzinfo=UTC)
        assert 0 == await sweep.sweep(service.pool, at)
        assert 1 == await sweep.sweep(service.pool, at + timedelta(hours=2))
        assert (await a_month(service)).draft is None

    async def test_that_is_large_is_read_and_checked_as_any(self, service: IntakeService) -> None:
        """1,000 lines have more than 256 kB: they are read and checked in a thread."""
        note = "One of a thousand lines, each with a note of some length. " * 5
        lines = [build.a_line(build.VISIT, note=note)] * 1_000
        month = await a_month(service)
        edit: drafting.Edit = lambda draft: drafts.add_lines(draft.content, lines)  # noqa: E731
        made = await saved(await drafting.change(service.pool, month, edit, ASHA))
        assert len(made.content.body) > months.HEAVY_BYTES
        checked = await months.check(await a_month(service))
        assert ["in_progress"] == [t.status for t in checked.tasks if t.commitment_id == "schools"]
