"""Replay: folding every journal from zero, and comparing what comes of it with the tables.

Promises: reads only. Each contract is folded from its journal with the foreign facts that each
input used; its state, lines, claims, cases, assessments, alerts, and every message that it posted
must come out to the byte. So must what people registered, proposed and approved, with their words.
An alert that comes of no journal must be as it was posted. A difference is named with its contract.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Final
from uuid import UUID

from services.verification import store
from services.verification.domain import journal, ownerless, state
from services.verification.domain.journal import Folded
from services.verification.register import retold
from services.verification.store import rows
from shared import sql
from shared.wire import events

DIFFERENCES_MAX: Final = 100

_BY_PEOPLE: Final = ("ContractRegistered", "CommitmentChanged", "AlertAcknowledged")

_slot: Final = operator.attrgetter("slot")


@dataclass
class Report:
    contracts: int = 0
    inputs: int = 0
    messages: int = 0
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        head = f"{self.contracts} contracts, {self.inputs} inputs, {self.messages} messages: "
        if not self.differences:
            return head + "the tables agree, to the byte"
        return head + "\n".join([f"{len(self.differences)} differences", *self.differences])


async def run(pool: sql.Pool) -> Report:
    """Replays all contracts; each is read in one snapshot, so the service may be at work."""
    report = Report()
    for contract_id in await store.histories.list_contract_ids(pool):
        async with (
            pool.acquire() as conn,
            conn.transaction(isolation="repeatable_read", readonly=True),
        ):
            inputs = await store.histories.list_entries(conn, contract_id)
            contract = dict(await store.histories.get_contract(conn, contract_id))
            versions = [
                dict(row) for row in await store.register.list_commitments(conn, contract_id)
            ]
            stored = await _stored(conn, contract_id, contract["state"])
        # outside of the transaction: a long history takes longer than one may be idle
        entries = [rows.read_entry(row) for row in inputs]
        folded = journal.refold(entries)
        assert folded.state is not None, "a contract has a journal"
        of_days = [row for row in stored.alerts if row.kind == ownerless.KIND]
        wanted = _messages(folded) | _announced(inputs)
        wanted |= {row.event_id: row.body for row in of_days}
        posted = await store.histories.load_messages(pool, list(wanted))
        report.contracts += 1
        report.inputs += len(inputs)
        report.messages += len(wanted)
        differences = (
            *retold.differences([e.event for e in entries], folded.state, contract, versions),
            *_unlike(_made(contract_id, entries, folded, of_days), stored),
            *_unsaid(wanted, posted),
        )
        for what in differences[: DIFFERENCES_MAX - len(report.differences)]:
            report.differences.append(f"{contract_id}: {what}")
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    """What the tables have of one contract, apart from its journal and its messages."""

    state: bytes
    lines: list[rows.ReturnRow]
    claims: set[rows.ClaimRow]
    cases: set[rows.CaseRow]
    assessments: list[rows.AssessmentRow]
    alerts: set[rows.AlertRow]
    standings: list[rows.StandingRow]


async def _stored(conn: sql.Connection, contract_id: str, found: bytes) -> _Tables:
    return _Tables(
        state=found,
        lines=await store.histories.list_lines(conn, contract_id),
        claims=set(await store.histories.list_claims(conn, contract_id)),
        cases=set(await store.histories.list_cases(conn, contract_id)),
        assessments=await store.histories.list_assessments(conn, contract_id),
        alerts=set(await store.histories.list_alerts(conn, contract_id)),
        standings=await store.histories.list_standings(conn, contract_id),
    )


def _made(
    contract_id: str,
    entries: Sequence[journal.Entry],
    folded: Folded,
    of_days: Sequence[rows.AlertRow],
) -> _Tables:
    """What the folds make of the journal. `of_days`: alerts that come of no journal, which are held
    against their own bytes."""
    raised = (alert for each in folded.decisions for alert in each.alerts)
    alerts = [rows.alert_row(alert, events.write(alert)) for alert in raised]
    alerts += [rows.alert_row(events.read(row.body), row.body) for row in of_days]
    acknowledged = {
        each.event.alert_id: each.event
        for each in entries
        if isinstance(each.event, events.AlertAcknowledged)
    }
    ordered = sorted(folded.lines.values(), key=_slot)
    outcomes = [event for each in folded.decisions for event in each.outcomes]
    cases: dict[UUID, rows.CaseRow] = {}
    for event in outcomes:
        if isinstance(event, events.CaseMoved):
            cases[event.case_id] = rows.case_row(event, cases.get(event.case_id))
    return _Tables(
        state=b"" if folded.state is None else state.to_bytes(folded.state),
        lines=[rows.return_row(contract_id, own) for _, own in itertools.groupby(ordered, _slot)],
        claims={rows.claim_row(line.claim) for line in ordered if line.claim},
        cases=set(cases.values()),
        assessments=rows.assessment_rows(outcomes),
        alerts={rows.acknowledged(row, acknowledged.get(row.event_id)) for row in alerts},
        standings=[] if folded.state is None else [rows.standing_row(folded.state)],
    )


def _unlike(made: _Tables, stored: _Tables) -> Iterator[str]:
    for part in fields(_Tables):
        if getattr(made, part.name) != getattr(stored, part.name):
            verb = "differs" if part.name == "state" else "differ"
            yield f"the {part.name} {verb}"


def _messages(folded: Folded) -> dict[UUID, bytes]:
    """The messages that the folds post, by id."""
    return {
        event.event_id: events.write(event)
        for each in folded.decisions
        for event in (*each.outcomes, *each.alerts, *each.reconsider)
    }


def _announced(inputs: Sequence[sql.Record]) -> dict[UUID, bytes]:
    """The inputs that this service posts itself, by id: what people did."""
    return {row["event_id"]: row["body"] for row in inputs if row["type"] in _BY_PEOPLE}


def _unsaid(wanted: dict[UUID, bytes], posted: dict[UUID, bytes]) -> Iterator[str]:
    for event_id, body in wanted.items():
        if event_id not in posted:
            yield f"message {event_id} was never posted"
        elif posted[event_id] != body:
            yield f"message {event_id} was posted with different bytes"
