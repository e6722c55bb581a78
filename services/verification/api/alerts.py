"""Alerts and cases for programs: what people must know (rule L1), and what is followed up (rule
C2)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query

from services.verification import store
from services.verification.api import commitments
from services.verification.api.dependencies import Injected, Reader
from services.verification.api.documents import alerts as documents
from services.verification.domain import cases, wording
from services.verification.store.reading import MomentKey
from shared import sql
from shared.web import lists, routes, scope
from shared.wire import events

router = APIRouter(prefix="/api/v1", route_class=routes.Route)


@router.get("/alerts")
async def list_alerts(
    who: Reader, dependencies: Injected, query: Annotated[documents.AlertsQuery, Query()]
) -> lists.Page[documents.Alert]:
    """Alerts in words, the newest first."""
    pool = dependencies.delivery.pool
    rows = await store.reading.list_alerts(
        pool,
        scope.of(who),
        _read_key(query.cursor),
        query.limit + 1,
        kind=query.kind,
        contract_id=query.contract,
    )
    shown, next_cursor = lists.cut(
        rows, query.limit, lambda row: _key(row["raised_at"], row["event_id"])
    )
    contract_ids = sorted({row["contract_id"] for row in shown})
    versions = await store.register.load_commitments(pool, contract_ids)
    items = [_alert(row, commitments.titles(versions.get(row["contract_id"], []))) for row in shown]
    return lists.Page(items=items, next=next_cursor)


@router.get("/cases")
async def list_cases(
    who: Reader, dependencies: Injected, query: Annotated[documents.CasesQuery, Query()]
) -> lists.Page[documents.Case]:
    """Shortfall and no-data cases as they are now, the oldest first."""
    rows = await store.reading.list_cases(
        dependencies.delivery.pool,
        scope.of(who),
        _read_key(query.cursor),
        query.limit + 1,
        state=query.state,
        contract_id=query.contract,
    )
    shown, next_cursor = lists.cut(
        rows, query.limit, lambda row: _key(row["opened_at"], row["case_id"])
    )
    items = [documents.Case(**row, is_open=cases.is_open(row["state"])) for row in shown]
    return lists.Page(items=items, next=next_cursor)


def _alert(row: sql.Record, titles: Mapping[str, str]) -> documents.Alert:
    alert = events.read(row["body"])
    assert isinstance(alert, events.AlertRaised)
    names = wording.names(json.loads(row["words"]), titles)
    described = wording.describe(alert, names)
    step = described.next_step
    return documents.Alert(
        alert_id=alert.event_id,
        raised_at=alert.occurred_at,
        contract_title=names.contract,
        supplier_name=described.supplier_name,
        commitment_title=described.commitment_title,
        gap_share=described.gap_share,
        headline=described.headline,
        words=described.words,
        next_step=step and documents.NextStep(code=step.code, words=step.words, by=step.by),
        why=list(alert.why),
        returns=list(alert.returns),
        links=_links(alert),
        **{name: getattr(alert, name) for name in _SHOWN_AS_RAISED},
    )


_SHOWN_AS_RAISED: Final = (
    "kind",
    "subject",
    "contract_id",
    "supplier_id",
    "commitment_id",
    "period",
    "unit",
    "target",
    "expected",
    "reported",
    "counted",
    "gap",
    "rating",
    "due_on",
    "rule_set",
)


def _links(alert: events.AlertRaised) -> dict[str, str]:
    contract = f"/api/v1/contracts/{alert.contract_id}"
    return {
        "contract": contract,
        "performance": f"{contract}/performance",
        "lines": f"/api/v1/lines?contract={alert.contract_id}",
    }


def _key(at: datetime, id_: UUID) -> tuple[str, str]:
    return at.isoformat(), str(id_)


def _read_key(cursor: str | None) -> MomentKey | None:
    """Inverse of `_key`. Raises a `400` problem."""
    if cursor is None:
        return None
    moment, id_ = lists.decode_cursor(cursor, str, str)
    try:
        return MomentKey(lists.read_moment(moment), UUID(id_))
    except ValueError:
        raise lists.odd_cursor() from None
