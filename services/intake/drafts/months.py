"""A month of a supplier's contract, with all that its pages need: gathered in a handful of queries.

Promises: a month is found only for a supplier of the contract, within its authority; for anybody
else it does not exist. Nothing is changed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple, TypeVar

from services.intake import store
from services.intake.domain import carrying, drafts, due, faults, returns, submission
from shared import calendar, catalogue, documents, obligations, sql
from shared.web.scope import Scope

HEAVY_BYTES: Final = 256 * 1024
"""To read or check more than this takes longer than 10 ms. It is done in a thread, since the event
loop must send heartbeats."""

Value = TypeVar("Value")


class Slot(NamedTuple):
    """A month of a contract."""

    contract_id: str
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What is known of one month of one supplier and contract."""

    place: drafts.Place
    contract: returns.Contract
    promises: Mapping[str, catalogue.Measure | None]
    """In force now, by commitment."""
    asked: due.Due | None
    """How its return is asked for; None: it is not, or that is not known."""
    sent: due.Sent | None
    """What was sent for it."""
    draft: drafts.Draft | None
    today: date
    late: calendar.Late = ()
    """Bank holidays that were declared late."""

    @property
    def revision(self) -> int:
        """Of the return that came last; 0 if none did."""
        return self.sent.revision if self.sent is not None else 0

    @property
    def content(self) -> drafts.Content:
        """Of the draft, or of one that is begun."""
        if self.draft is not None:
            return self.draft.content
        place = self.place
        return drafts.begin(place.contract_id, place.period, self.revision + 1)

    @property
    def span(self) -> carrying.Span:
        """Its days."""
        period = self.place.period
        return carrying.Span(calendar.first_day(period), calendar.last_day(period))

    @property
    def is_in(self) -> bool:
        """Whether a return stands for the month."""
        return self.sent is not None and not self.sent.is_withdrawn

    @property
    def is_open(self) -> bool:
        """Whether a draft can be begun or goes on: the month can be sent, or one was begun."""
        may_be_sent = self.asked is not None and self.asked.state in ("open", "overdue")
        return self.draft is not None or may_be_sent

    @property
    def due_on(self) -> date:
        """By whose end it is due, or was."""
        if self.asked is not None:
            return self.asked.due_on
        return obligations.due_on(self.place.period, self.late)


async def find(pool: sql.Pool, of: Scope, slot: Slot, today: date) -> Month | None:
    """The month of a contract and period. None if the caller is no supplier of such a contract."""
    contract_id, period = slot
    if of.party_id is None:
        return None
    place = drafts.Place(of.authority_id, of.party_id, contract_id, period)
    for published in await store.due.list_contracts(pool, of, contract_id, "", 1):
        sent = await store.due.load_sent(pool, [contract_id], of.party_id)
        row = await store.drafts.find_draft(pool, place)
        its = sent.get(contract_id, {})
        wanted = due.Asked(of.party_id, period, period)
        asked = due.due(published, its, wanted, today) if published.obligations else iter(())
        return Month(
            place=place,
            contract=returns.contract(published),
            promises=drafts.promises(published),
            asked=next(asked, None),
            sent=its.get(due.Slot(period, of.party_id)),
            draft=None if row is None else await read(row),
            today=today,
            late=due.late_holidays(published),
        )
    return None


async def read(row: store.draft_rows.DraftRow) -> drafts.Draft:
    """The draft in a row."""
    return await run(len(row.body), lambda: store.draft_rows.read_draft(row))


class Checked(NamedTuple):
    """What a draft says and what is wrong with it, as if it were sent now."""

    reading: submission.Reading
    faults: tuple[faults.Fault, ...]
    tasks: tuple[drafts.Task, ...]


async def check(month: Month, content: drafts.Content | None = None) -> Checked:
    """What the rules say of a month's draft, or of what it would be."""
    content = content or month.content
    body = content.body
    return await run(len(body), lambda: check_now(month, content, body))


def check_now(month: Month, content: drafts.Content, body: bytes) -> Checked:
    """The same, in the caller's thread."""
    reading = submission.read(body)
    context = returns.Context(month.place.party_id, month.contract, month.revision, month.today)
    found = returns.check(reading, context)
    return Checked(reading, found, drafts.tasks(content, month.promises, found))


async def find_lines_before(pool: sql.Pool, month: Month) -> list[dict[str, Any]]:
    """The lines of the return that stands for the month before; none if there is none."""
    place = month.place._replace(period=calendar.previous_period(month.place.period))
    body = await store.drafts.find_body(pool, place)
    return [] if body is None else await run(len(body), lambda: _lines(body))


def _lines(body: bytes) -> list[dict[str, Any]]:
    return [each for each in _document(body).get("lines") or () if isinstance(each, dict)]


async def find_sent(pool: sql.Pool, month: Month) -> dict[str, Any]:
    """The return that stands for the month, as it was sent; empty if none does."""
    body = await store.drafts.find_body(pool, month.place)
    return {} if body is None else await run(len(body), lambda: _document(body))


def _document(body: bytes) -> dict[str, Any]:
    document = documents.read(body)
    if isinstance(document, documents.Unreadable) or not isinstance(document.value, dict):
        return {}  # it was accepted once: somebody changed it by hand
    return document.value


async def run(size: int, work: Callable[[], Value]) -> Value:
    """The result of `work`, in a thread if there is much to do."""
    return await asyncio.to_thread(work) if size > HEAVY_BYTES else work()
