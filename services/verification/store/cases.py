"""Cases as people follow them up: a list, the worst first, and one with what was said of it.

Promises: a caller sees its own authority only, and a supplier what is about it. Anything else looks
as if it did not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from services.verification.domain import cases, standing
from shared import sql
from shared.web.scope import Scope

QUERIES: Final = sql.queries(Path(__file__).with_suffix(".sql"))

RANK_ENDED: Final = 9
"""Behind every rank of a standing: what has ended is listed last."""
OPEN_STATES: Final = tuple(state for state in cases.MOVES if state and cases.is_open(state))


class CaseKey(NamedTuple):
    """Cases are listed in this order."""

    rank: int
    ahead: Decimal
    """The gap as a fraction of the target, negated."""
    moment: Decimal
    """Seconds at which it was opened; of one that has ended, of its end, negated."""
    case_id: UUID


FIRST_CASE: Final = CaseKey(0, Decimal(0), Decimal(0), UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which cases are asked for; None: any."""

    states: Sequence[cases.CaseState] | None = None
    contract_id: str | None = None


async def list_cases_worst(
    pool: sql.Pool, of: Scope, after: CaseKey, limit: int, wanted: CaseFilter
) -> list[sql.Record]:
    """Cases with their contract, their promise and where that stands, the worst first."""
    return await sql.rows(
        QUERIES.list_cases_worst(
            pool,
            after_rank=after.rank,
            after_ahead=after.ahead,
            after_moment=after.moment,
            after_id=after.case_id,
            limit=limit,
            open_states=list(OPEN_STATES),
            ended=RANK_ENDED,
            waiting=standing.RANK_WAITING,
            **_asked(of, wanted),
        )
    )


async def count_cases(pool: sql.Pool, of: Scope, wanted: CaseFilter) -> int:
    """How many `list_cases_worst` would list."""
    return int(await QUERIES.count_cases(pool, **_asked(of, wanted)))


async def find_case(pool: sql.Pool, of: Scope, case_id: UUID) -> sql.Record | None:
    row: sql.Record | None = await QUERIES.find_case(pool, case_id=case_id, **of.asked())
    return row


async def load_case_alerts(
    pool: sql.Pool, subjects: Sequence[tuple[str, str]], limit: int
) -> list[sql.Record]:
    """What was said about cases, the newest first; of each at most `limit`. `subjects`: contract
    and subject of each, of cases that the caller may see."""
    contract_ids, of_alerts = sql.columns(subjects, 2)
    return await sql.rows(
        QUERIES.load_case_alerts(pool, contract_ids=contract_ids, subjects=of_alerts, limit=limit)
    )


def _asked(of: Scope, wanted: CaseFilter) -> dict[str, object]:
    states = None if wanted.states is None else list(wanted.states)
    return {"states": states, "contract_id": wanted.contract_id, **of.asked()}
