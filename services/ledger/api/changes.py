"""Changes: what was decided between two days, with each figure before and after.

Promises: `from` and `to` are days in London, both included. A change is listed at the time at which
it occurred; before it is what was recorded before it. Callers see the changes of the entries that
they see: a supplier those of its own returns.

Refuses: a day that has not begun, and `from` after `to`.
"""

from __future__ import annotations

import base64
import json
from datetime import date
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query

from services.ledger import store
from services.ledger.api import documents, entries, refusals
from services.ledger.api.dependencies import Dependencies, Injected, Reader
from services.ledger.audit import changes
from services.ledger.domain.entries import figures, words
from services.ledger.store.changes import Between
from shared import calendar, sql
from shared.web import auth, lists, routes, scope

router = APIRouter(route_class=routes.Route)


@router.get("/api/v1/changes")
async def list_changes(
    dependencies: Injected, who: Reader, query: Annotated[documents.ChangesQuery, Query()]
) -> lists.Page[documents.Change]:
    """What was decided from the day `from` to the day `to`, both included, in the order of
    occurrence: figures, what returns count, and commitments, before and after, and the cause."""
    await _refuse_days(dependencies, who, query.since, query.until)
    between = Between(
        until=calendar.midnight_after(query.until),
        types=changes.TYPES,
        contract=query.contract,
        party=query.supplier,
    )
    start = store.reading.Occurrence(calendar.midnight(query.since), -1)
    after = start if query.cursor is None else entries.decode_occurrence(query.cursor)
    async with dependencies.pool.acquire() as conn:
        seen_by, count = scope.of(who), query.limit + 1
        rows = await store.changes.list_decisions(conn, seen_by, between, max(start, after), count)
        if not rows:
            await entries.refuse_unknown(conn, who, query.contract, query.supplier)
        shown, next_cursor = lists.cut(
            rows, query.limit, lambda row: [str(row.occurred_at), row.idx]
        )
        found = await changes.describe(conn, shown)
    items = [_document(found[row.idx]) if row.idx in found else _damaged(row) for row in shown]
    return lists.Page(items=items, next=next_cursor)


async def find(conn: sql.Connection, entry: documents.Entry) -> documents.Change | None:
    """What one entry changed, which the caller may see, without the entry of its cause; None if it
    is not of a type that changes anything, or its leaf is damaged."""
    if entry.leaf.get("type") not in changes.TYPES:
        return None
    row = store.rows.ShownLeaf(entry.index, base64.b64decode(entry.leaf_base64), b"")
    found = await changes.describe(conn, [row], has_causes=False)
    return _document(found[entry.index]) if found else None


async def _refuse_days(
    dependencies: Dependencies, who: auth.Caller, since: date, until: date
) -> None:
    """Raises a `422` problem for days in the wrong order, and for one that has not begun. A demo's
    clock may be ahead of ours: what has occurred has begun."""
    if since > until:
        raise refusals.days_reversed(since, until)
    today = calendar.london_day(dependencies.clock.now())
    if until <= today:
        return
    async with dependencies.pool.acquire() as conn:
        newest = await store.changes.find_newest(conn, scope.of(who))
    known = today if newest is None else max(today, calendar.london_day(newest))
    if until > known:
        raise refusals.day_to_come(until, known)


# --- as JSON -------------------------------------------------------------------------------------


def _document(change: changes.Change) -> documents.Change:
    leaf = change.leaf
    return documents.Change(
        entry=change.entry,
        type=leaf.type,
        words=words.of(json.loads(change.encoded)),
        occurred_at=leaf.occurred_at,
        contract_id=leaf.contract_id,
        cause=documents.Cause(
            kind=change.cause.kind, entry=change.cause_entry, receipt_no=change.cause.receipt_no
        ),
        figures=[
            documents.FigureChange(
                commitment_id=step.key.commitment_id,
                period=step.key.period,
                before=None if step.before is None else _figure(step.before),
                after=_figure(step.after),
            )
            for step in change.figures
        ],
        lines=None if change.lines is None else list(map(_lines, change.lines)),
        lines_elsewhere=[
            documents.LinesElsewhere(commitment_id=commitment_id, now=documents.Counted(**now))
            for commitment_id, now in change.lines_elsewhere.items()
        ],
        commitment=_versions(change),
        is_damaged=change.is_damaged,
    )


def _damaged(row: store.rows.ShownLeaf) -> documents.Change:
    """Of a leaf that cannot be read: that something was decided, and when."""
    assert row.occurred_at is not None, "the list is in the order of occurrence"
    return documents.Change(
        entry=row.idx,
        type=None,
        words=words.DAMAGED,
        occurred_at=row.occurred_at,
        contract_id=None,
        cause=None,
        figures=[],
        lines=None,
        lines_elsewhere=[],
        commitment=None,
        is_damaged=True,
    )


def _figure(stated: figures.Stated) -> documents.Figure:
    said = msgspec.structs.asdict(stated.figure)
    return documents.Figure(entry=stated.entry, **said)


def _lines(step: changes.LinesStep) -> documents.LinesChange:
    return documents.LinesChange(
        commitment_id=step.commitment_id,
        before=None if step.before is None else documents.Counted(**step.before),
        after=None if step.after is None else documents.Counted(**step.after),
    )


def _versions(change: changes.Change) -> documents.VersionChange | None:
    if change.commitment is None:
        return None
    before, after = change.commitment
    return documents.VersionChange(
        before=None if before is None else documents.Version.model_validate(before),
        after=documents.Version.model_validate(after),
    )
