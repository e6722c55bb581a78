"""Cases for programs: what is followed up (rule C2).

Promises: a page of the list is two queries, a case is two. A supplier sees the cases about it, or
about what all suppliers promised together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query

from services.verification import store
from services.verification.api import contracts, moments, refusals
from services.verification.api.dependencies import Dependencies, Injected, Reader
from services.verification.api.documents import Organisation, alerts
from services.verification.api.documents import cases as documents
from services.verification.domain import announcements, behind, cases, wording
from services.verification.register.refusals import Refusal
from services.verification.store.cases import FIRST_CASE, CaseFilter, CaseKey
from shared import calendar, findings, sql
from shared.web import auth, lists, routes, scope
from shared.wire import events

router = APIRouter(prefix="/api/v1", route_class=routes.Route)

SAID_MAX: Final = 50
"""Of one case: an alert for each time that its rating got worse."""


@router.get("/cases")
async def list_cases(
    who: Reader, dependencies: Injected, query: Annotated[alerts.CasesQuery, Query()]
) -> lists.Page[alerts.Case]:
    """Shortfall and no-data cases as they are now, the oldest first."""
    await contracts.assert_seen(dependencies, who, query.contract)
    return await find_cases(dependencies, who, query)


async def find_cases(
    dependencies: Dependencies, who: auth.Caller, query: alerts.CasesQuery
) -> lists.Page[alerts.Case]:
    """One page of the cases that the caller may see."""
    rows = await store.reading.list_cases(
        dependencies.delivery.pool,
        scope.of(who),
        moments.read_key(query.cursor),
        query.limit + 1,
        state=query.state,
        contract_id=query.contract,
    )
    shown, next_cursor = lists.cut(
        rows, query.limit, lambda row: moments.key(row["opened_at"], row["case_id"])
    )
    items = [alerts.Case(**row, is_open=cases.is_open(row["state"])) for row in shown]
    return lists.Page(items=items, next=next_cursor)


def shown_to(of: scope.Scope, rows: Iterable[store.rows.CaseRow]) -> list[alerts.Case]:
    """Of a contract that the caller may see, its cases; a supplier sees those about it, or about
    what all suppliers promised together."""
    own = (row for row in rows if of.party_id is None or row.party_id in (None, of.party_id))
    shown = (row._asdict() for row in own)
    return [alerts.Case(**each, is_open=cases.is_open(each["state"])) for each in shown]


@router.get("/cases/{case_id}")
async def get_case(case_id: UUID, who: Reader, dependencies: Injected) -> documents.CaseWhole:
    """One case: what it is about, what was said of it, and what to do next."""
    pool, of = dependencies.delivery.pool, scope.of(who)
    row = await store.cases.find_case(pool, of, case_id)
    found = refusals.accept(row if row is not None else Refusal("case_unknown"))
    said = await store.cases.load_case_alerts(pool, [_subject(found)], SAID_MAX)
    return _whole(found, said, _seen(dependencies, who))


async def find(
    dependencies: Dependencies,
    who: auth.Caller,
    wanted: CaseFilter,
    limit: int,
    cursor: str | None,
) -> lists.Page[documents.CaseWhole]:
    """Cases, the worst first. Raises a `400` problem for an odd cursor."""
    pool, of = dependencies.delivery.pool, scope.of(who)
    rows = await store.cases.list_cases_worst(pool, of, _read_key(cursor), limit + 1, wanted)
    shown, next_cursor = lists.cut(rows, limit, _key)
    subjects = list(map(_subject, shown))
    said = await store.cases.load_case_alerts(pool, subjects, 1) if subjects else []
    newest = {(row["contract_id"], row["subject"]): row for row in said}
    seen = _seen(dependencies, who)
    own = ([newest[each]] if each in newest else [] for each in subjects)
    items = [_whole(row, each, seen) for row, each in zip(shown, own, strict=True)]
    return lists.Page(items=items, next=next_cursor)


def _key(row: sql.Record) -> tuple[str | int, ...]:
    return (row["rank"], str(row["ahead"]), str(row["moment"]), str(row["case_id"]))


def _read_key(cursor: str | None) -> CaseKey:
    """Inverse of `_key`. Raises a `400` problem."""
    if cursor is None:
        return FIRST_CASE
    rank, ahead, moment, case_id = lists.decode_cursor(cursor, int, str, str, str)
    try:
        key = CaseKey(rank, Decimal(ahead), Decimal(moment), UUID(case_id))
    except (InvalidOperation, ValueError):
        raise lists.odd_cursor() from None
    figures = (key.ahead, key.moment)
    if not (all(each.is_finite() and -40 < each.adjusted() < 40 for each in figures)):
        raise lists.odd_cursor()
    if abs(rank) >= 2**31:
        raise lists.odd_cursor()
    return key


# --- a case --------------------------------------------------------------------------------------


def _seen(dependencies: Dependencies, who: auth.Caller) -> wording.Seen:
    today: date = calendar.london_day(dependencies.clock.now())
    reader: findings.Reader = "supplier" if who.role == "supplier" else "council"
    return wording.Seen(today, reader=reader)


def _subject(row: sql.Record) -> tuple[str, str]:
    """Contract and subject of the alerts about a case: of a missing return, its slot."""
    if row["kind"] == "no_data":
        return row["contract_id"], f"{row['period']}/{row['party_id']}"
    return row["contract_id"], str(row["case_id"])


def _since_opened(alert: events.AlertRaised, row: sql.Record) -> events.AlertRaised:
    """The alert with the day by which its step was first to be done: a shortfall that grows gives
    nobody more time (rule C2)."""
    if row["kind"] == "no_data" or alert.step_by is None:
        return alert
    first = calendar.working_day(
        calendar.london_day(row["opened_at"]), announcements.NOTICE_WORKING_DAYS
    )
    return msgspec.structs.replace(alert, step_by=min(first, alert.step_by))


def _whole(
    row: sql.Record, alerts_of: Sequence[sql.Record], seen: wording.Seen
) -> documents.CaseWhole:
    words = json.loads(row["words"])
    titles = {row["commitment_id"]: row["title"]} if row["title"] else {}
    names = wording.names(words, titles)
    standing = None if row["standing"] is None else store.rows.read_standing(row)
    concerned = [row["party_id"]] if row["party_id"] else list(row["supplier_ids"])
    raised = [events.read(each["body"]) for each in alerts_of]
    described = [
        (each, alert, wording.describe(_since_opened(alert, row), names, seen))
        for each, alert in zip(alerts_of, raised, strict=True)
        if isinstance(alert, events.AlertRaised)
    ]
    is_waiting = row["state"] == "opened"  # whoever is to act has not acted yet
    step = described[0][2].next_step if described and is_waiting else None
    return documents.CaseWhole(
        **{name: row[name] for name in _SHOWN_AS_STORED},
        is_open=cases.is_open(row["state"]),
        contract_title=words["title"],
        suppliers=[Organisation(id=each, name=names.suppliers.get(each)) for each in concerned],
        commitment_title=row["title"] or row["commitment_id"],
        unit=standing and standing.unit,
        rating=standing and standing.rating,
        gap=standing and standing.gap,
        gap_share=standing and behind.percent(standing.behind),
        next_step=step and alerts.NextStep(**step._asdict()),
        said=[
            documents.Said(
                alert_id=alert.event_id,
                kind=alert.kind,
                raised_at=alert.occurred_at,
                headline=worded.headline,
                words=worded.words,
                rating=alert.rating,
                gap=alert.gap,
                acknowledged_by=each["acknowledged_by"],
                acknowledged_at=each["acknowledged_at"],
            )
            for each, alert, worded in described
        ],
    )


_SHOWN_AS_STORED: Final = (
    *("case_id", "contract_id", "kind", "commitment_id", "party_id", "period"),
    *("state", "reason", "opened_at", "moved_at"),
)
