"""Folding every journal from zero, and comparing what comes of it with what stands.

Promises: reads only. Each contract is folded from its journal with the foreign facts that each
input used; its state, lines, claims, cases, assessments, alerts, and every message that it posted
must come out to the byte. A difference is named with its contract.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from services.verification import store
from services.verification.domain import journal, state
from services.verification.domain.journal import Folded
from services.verification.domain.lines import Line, Slot
from services.verification.store import rows
from shared import sql
from shared.wire import events

DIFFERENCES_MAX: Final = 100


@dataclass
class Report:
    contracts: int = 0
    inputs: int = 0
    messages: int = 0
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        head = f"{self.contracts} contracts, {self.inputs} inputs, {self.messages} messages: "
        if not self.differences:
            return head + "as they stand, to the byte"
        return head + "\n".join([f"{len(self.differences)} differences", *self.differences])


async def run(pool: sql.Pool) -> Report:
    """Replays all contracts; each is read in one snapshot, so the service may be at work."""
    report = Report()
    for contract_id in await store.reading.contract_ids(pool):
        async with (
            pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            inputs = await store.reading.inputs(conn, contract_id)
            standing = await _standing(conn, contract_id)
            folded = journal.refold(map(rows.read_entry, inputs))
            posted = _posted(folded)
            stored = await store.reading.posted(conn, list(posted))
        report.contracts += 1
        report.inputs += len(inputs)
        report.messages += len(posted)
        for what in (*_differences(contract_id, folded, standing), *_unlike(posted, stored)):
            if len(report.differences) < DIFFERENCES_MAX:
                report.differences.append(f"{contract_id}: {what}")
    return report


@dataclass(frozen=True, slots=True)
class _Standing:
    """What is stored of one contract."""

    state: bytes
    returns: list[rows.ReturnRow]
    claims: set[rows.ClaimRow]
    cases: set[rows.CaseRow]
    assessed: list[rows.AssessmentRow]
    raised: set[rows.AlertRow]


async def _standing(conn: sql.Connection, contract_id: str) -> _Standing:
    return _Standing(
        await store.reading.state_of(conn, contract_id),
        await store.reading.returns_of(conn, contract_id),
        set(await store.reading.claims_of(conn, contract_id)),
        set(await store.reading.cases_of_contract(conn, contract_id)),
        await store.reading.assessments_of(conn, contract_id),
        set(await store.reading.alerts_of(conn, contract_id)),
    )


def _posted(folded: Folded) -> dict[UUID, bytes]:
    """The messages that the folds posted, by id."""
    return {
        event.event_id: events.write(event)
        for decided in folded.decisions
        for event in (*decided.outcomes, *decided.alerts, *decided.reconsider)
    }


def _unlike(posted: dict[UUID, bytes], stored: dict[UUID, bytes]) -> Iterator[str]:
    for event_id, body in posted.items():
        if event_id not in stored:
            yield f"message {event_id} was never posted"
        elif stored[event_id] != body:
            yield f"message {event_id} was posted with other bytes"


def _returns(contract_id: str, folded: Folded) -> Iterator[rows.ReturnRow]:
    """The rows that the lines make, in the order in which they are read."""
    ordered = sorted(folded.lines.values(), key=_slot)
    for _, lines in itertools.groupby(ordered, _slot):
        yield rows.return_row(contract_id, lines)


def _slot(line: Line) -> Slot:
    return line.period, line.party_id


def _differences(contract_id: str, folded: Folded, standing: _Standing) -> Iterator[str]:
    if folded.state is None or state.to_bytes(folded.state) != standing.state:
        yield "the state differs"
    if list(_returns(contract_id, folded)) != standing.returns:
        yield "the lines differ"
    claimed = {rows.claim_row(line.claim) for line in folded.lines.values() if line.claim}
    if claimed != standing.claims:
        yield "the claims differ"
    cases: dict[UUID, rows.CaseRow] = {}
    raised: set[rows.AlertRow] = set()
    for decided in folded.decisions:
        raised.update(map(rows.alert_row, decided.alerts))
        for event in decided.outcomes:
            if isinstance(event, events.CaseMoved):
                cases[event.case_id] = rows.case_row(event, cases.get(event.case_id))
    if set(cases.values()) != standing.cases:
        yield "the cases differ"
    if _assessed(folded) != standing.assessed:
        yield "the assessments differ"
    if raised != standing.raised:
        yield "the alerts differ"


def _assessed(folded: Folded) -> list[rows.AssessmentRow]:
    """All assessments, in the order in which they were made."""
    return [row for decided in folded.decisions for row in rows.assessment_rows(decided.outcomes)]
