"""Alerts for programs: what people must know, what to do about it, and who has seen it (rules L1 to
L3).

Promises: a page is four queries. An alert names the lines meant, as they are now. A supplier sees
what names it, or nobody, and of the lines its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Final, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Query

from services.verification import store
from services.verification.api import commitments, contracts, figures, moments, reasons, refusals
from services.verification.api.dependencies import Dependencies, Injected, Manager, Reader
from services.verification.api.documents import Organisation
from services.verification.api.documents import alerts as documents
from services.verification.domain import meant, wording
from services.verification.domain.lines import Line
from services.verification.register import acknowledgements
from shared import calendar, findings, sql
from shared.web import auth, lists, routes, scope
from shared.wire import events

router = APIRouter(prefix="/api/v1", route_class=routes.Route)

LINES_MAX: Final = 10
"""Of one alert; the link leads to all of them."""


@router.get("/alerts")
async def list_alerts(
    who: Reader, dependencies: Injected, query: Annotated[documents.AlertsQuery, Query()]
) -> lists.Page[documents.Alert]:
    """Alerts in words, the newest first."""
    await contracts.assert_seen(dependencies, who, query.contract)
    return await find(dependencies, who, query)


async def find(
    dependencies: Dependencies, who: auth.Caller, query: documents.AlertsQuery
) -> lists.Page[documents.Alert]:
    """One page of what the caller may see. Raises a `400` problem for an odd cursor."""
    pool, of = dependencies.delivery.pool, scope.of(who)
    rows = await store.reading.list_alerts(
        pool,
        of,
        moments.read_key(query.cursor),
        query.limit + 1,
        kind=query.kind,
        contract_id=query.contract,
        is_acknowledged=query.acknowledged,
    )
    shown, next_cursor = lists.cut(
        rows, query.limit, lambda row: moments.key(row["raised_at"], row["event_id"])
    )
    raised = [_read(row) for row in shown]
    versions = await store.register.load_commitments(
        pool, sorted({alert.contract_id for alert in raised})
    )
    titles = {each: commitments.titles(own) for each, own in versions.items()}
    lines = await _lines(pool, of, raised)
    why = await reasons.load(pool, of, (line for each in lines for line in each.shown))
    today = calendar.london_day(dependencies.clock.now())
    items = [
        _alert(row, alert, titles.get(alert.contract_id, {}), own, _Seen(why, today))
        for row, alert, own in zip(shown, raised, lines, strict=True)
    ]
    return lists.Page(items=items, next=next_cursor)


async def count(
    dependencies: Dependencies, who: auth.Caller, query: documents.AlertsQuery
) -> Counts:
    """How many there are of a kind and a contract, over all pages."""
    row = await store.reading.count_alerts(
        dependencies.delivery.pool, scope.of(who), kind=query.kind, contract_id=query.contract
    )
    return Counts(**row)


class Counts(NamedTuple):
    """Alerts, and those that nobody has acknowledged."""

    alerts: int
    unseen: int


@router.post("/alerts/{alert_id}/acknowledge")
async def acknowledge_alert(
    alert_id: UUID, who: Manager, dependencies: Injected
) -> documents.Acknowledged:
    """Say by name that an alert was seen. Again changes nothing: the answer says who was first."""
    delivery, acting = dependencies.delivery, dependencies.acting(who)
    async with delivery.pool.acquire() as conn, conn.transaction():
        done = refusals.accept(await acknowledgements.acknowledge(conn, alert_id, acting))
    delivery.posted.set()
    return documents.Acknowledged(
        alert_id=done.alert_id, acknowledged_by=done.by, acknowledged_at=done.at
    )


# --- the lines meant -----------------------------------------------------------------------------


class _Meant(NamedTuple):
    """The lines that an alert is about."""

    shown: Sequence[Line]
    has_all: bool


async def _lines(
    pool: sql.Pool, of: scope.Scope, raised: Sequence[events.AlertRaised]
) -> list[_Meant]:
    """Of each alert."""
    wanted = {(a.contract_id, a.period) for a in raised if a.period and a.commitment_id}
    found = await store.reading.load_returns_meant(pool, of, sorted(wanted)) if wanted else {}
    by_contract: dict[str, list[Line]] = {}
    cut_short = set()
    for (contract_id, _, _), own in found.items():
        if own is None:
            cut_short.add(contract_id)
        by_contract.setdefault(contract_id, []).extend(own or ())
    answer = []
    for alert in raised:
        own = meant.lines(alert, by_contract.get(alert.contract_id, ()))
        has_all = len(own) <= LINES_MAX and alert.contract_id not in cut_short
        answer.append(_Meant(own[:LINES_MAX], has_all))
    return answer


# --- an alert ------------------------------------------------------------------------------------


class _Seen(NamedTuple):
    """Who reads it, and when."""

    why: reasons.Reasons
    today: date


def _read(row: sql.Record) -> events.AlertRaised:
    alert = events.read(row["body"])
    assert isinstance(alert, events.AlertRaised)
    return alert


def _alert(
    row: sql.Record,
    alert: events.AlertRaised,
    titles: Mapping[str, str],
    own: _Meant,
    seen: _Seen,
) -> documents.Alert:
    names = wording.names(json.loads(row["words"]), titles)
    is_one = alert.kind == "duplicate_claim" and len(own.shown) == 1
    about = seen.why.about(own.shown[0]) if is_one else findings.UNKNOWN
    owed = None
    if row["missing"] is not None:
        owed = {(each.period, each.party_id) for each in store.rows.read_missing(row)}
    known = own.shown if own.has_all else None
    is_over = meant.is_over(alert, row["case_state"], owed, known, row["has_owner"])
    described = wording.describe(
        alert, names, wording.Seen(seen.today, is_over, seen.why.reader, about)
    )
    step = described.next_step
    concerned = [alert.supplier_id] if alert.supplier_id else list(names.suppliers)
    return documents.Alert(
        alert_id=alert.event_id,
        raised_at=alert.occurred_at,
        contract_title=names.contract,
        supplier_name=described.supplier_name,
        suppliers=[Organisation(id=each, name=names.suppliers.get(each)) for each in concerned],
        commitment_title=described.commitment_title,
        gap_share=described.gap_share,
        headline=described.headline,
        words=described.words,
        is_over=is_over,
        next_step=step and documents.NextStep(**step._asdict()),
        lines=[figures.line_shown(alert.contract_id, each, seen.why) for each in own.shown],
        has_all_lines=own.has_all,
        why=list(alert.why),
        returns=list(alert.returns),
        links=_links(alert),
        acknowledged_by=row["acknowledged_by"],
        acknowledged_at=row["acknowledged_at"],
        **{name: getattr(alert, name) for name in _SHOWN_AS_RAISED},
    )


_SHOWN_AS_RAISED: Final = (
    *("kind", "subject", "contract_id", "supplier_id", "commitment_id", "period", "unit"),
    *("target", "expected", "reported", "counted", "gap", "rating", "due_on", "rule_set"),
)


def _links(alert: events.AlertRaised) -> dict[str, str]:
    contract = f"/api/v1/contracts/{alert.contract_id}"
    return {
        "acknowledge": f"/api/v1/alerts/{alert.event_id}/acknowledge",
        "contract": contract,
        "performance": f"{contract}/performance",
        "lines": f"/api/v1/lines?contract={alert.contract_id}",
    }
