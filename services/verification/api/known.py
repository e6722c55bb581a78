"""What is known of a contract: now, from the tables, or as it was at the end of a day, from its
journal.

Promises: "as at" a day is the same fold over the entries of the journal up to the end of that day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.verification import store
from services.verification.domain import journal, state
from services.verification.domain.lines import Line
from services.verification.domain.slots import Filing
from services.verification.domain.state import State
from shared import calendar, sql
from shared.wire import events


class Known(NamedTuple):
    """What is known of a contract, now or at the end of a day."""

    state: State
    lines: Collection[Line]
    assessments: Collection[store.rows.AssessmentRow]
    """In the order in which they were made."""
    cases: Collection[store.rows.CaseRow] = ()
    """Of a day that is over: by when they opened."""
    filings: Collection[Filing] = ()
    """Of a day that is over: what came until then, in order."""


async def now(pool: sql.Pool, row: sql.Record, *, has_lines: bool = True) -> Known:
    """What is known of the contract in a row of `store.reading`, with all its lines or without."""
    contract_id = row["contract_id"]
    returns = await store.histories.list_lines(pool, contract_id) if has_lines else []
    lines = [line for each in returns for line in store.rows.read_lines(each.lines)]
    assessments = await store.histories.list_assessments(pool, contract_id)
    return Known(state.from_bytes(row["state"]), lines, assessments)


async def then(pool: sql.Pool, contract_id: str, as_at: date) -> Known | date:
    """What was known at the end of a day; the day of its registration, if that is later."""
    entries = await store.histories.list_entries(pool, contract_id)
    end = calendar.midnight_after(as_at)
    late = (n for n, entry in enumerate(entries) if entry["occurred_at"] >= end)
    early = entries[: next(late, len(entries))]
    if not early:
        return calendar.london_day(entries[0]["occurred_at"])
    return await asyncio.to_thread(lambda: _fold([store.rows.read_entry(row) for row in early]))


def _fold(entries: Sequence[journal.Entry]) -> Known:
    folded = journal.refold(entries)
    assert folded.state is not None, "a journal begins with a registration"
    outcomes = [event for each in folded.decisions for event in each.outcomes]
    cases: dict[UUID, store.rows.CaseRow] = {}
    for event in outcomes:
        if isinstance(event, events.CaseMoved):
            cases[event.case_id] = store.rows.case_row(event, cases.get(event.case_id))
    filings = (filing(each.event) for each in entries)
    return Known(
        folded.state,
        tuple(folded.lines.values()),
        store.rows.assessment_rows(outcomes),
        tuple(cases.values()),
        tuple(each for each in filings if each is not None),
    )


def filing(event: events.Event) -> Filing | None:
    """A return that came or was withdrawn; None for any other input."""
    if not isinstance(event, events.ReturnReceived | events.ReturnWithdrawn):
        return None
    return Filing(
        at=event.occurred_at,
        slot=(event.period, event.party_id),
        return_id=event.return_id,
        receipt_no=event.receipt_no,
        revision=event.revision,
        is_withdrawal=isinstance(event, events.ReturnWithdrawn),
    )
