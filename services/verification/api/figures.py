"""A contract's figures for programs: what was delivered, how it was rated, and its lines (rule A9).

Promises: figures are those that the fold keeps or announced; nothing is computed again. A rounded
figure comes with its exact fraction. "As at" a day is the same fold over the entries of the journal
up to the end of that day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Annotated, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Query

from services.verification import store
from services.verification.api import commitments, contracts, documents, reasons
from services.verification.api.dependencies import Injected, Reader
from services.verification.domain import (
    assessment,
    journal,
    profiles,
    state,
)
from services.verification.domain.lines import Line
from services.verification.domain.state import Commitment, State, Sums
from services.verification.store.reading import FIRST_LINE, LineKey
from shared import calendar, fields, rules, sql
from shared.web import lists, problems, routes, scope
from shared.wire import events

router = APIRouter(prefix="/api/v1", route_class=routes.Route)

_ONE_PLACE: Final = Decimal("0.1")


@router.get("/contracts/{contract_id}/performance")
async def get_performance(
    contract_id: str, who: Reader, dependencies: Injected, as_at: fields.Day | None = None
) -> documents.Performance:
    """Each commitment's figures, now or as they were known at the end of a day."""
    row = await contracts.find(dependencies, who, contract_id)
    lists.assert_begun("as_at", as_at, calendar.london_day(dependencies.clock.now()))
    pool = dependencies.delivery.pool
    titles = commitments.titles(await store.register.list_commitments(pool, contract_id))
    if as_at is None:
        return show(await known_now(pool, row), titles)
    known = await _known_then(pool, contract_id, as_at)
    if known is None:
        raise problems.Problem(404, "The contract was not registered by the end of that day")
    return show(known, titles, as_at)


@router.get("/lines")
async def list_lines(
    who: Reader, dependencies: Injected, query: Annotated[documents.LinesQuery, Query()]
) -> lists.Page[documents.LineShown]:
    """Current lines with their results; those with `state=queried` wait for the council."""
    await contracts.assert_seen(dependencies, who, query.contract)
    after = FIRST_LINE
    if query.cursor is not None:
        after = LineKey(*lists.decode_cursor(query.cursor, str, str, str, str))
    pool, of = dependencies.delivery.pool, scope.of(who)
    found = await store.reading.list_lines(
        pool,
        of,
        after,
        query.limit + 1,
        outcome=query.state,
        contract_id=query.contract,
    )
    shown, next_cursor = lists.cut(found, query.limit, lambda each: each.key)
    why = await reasons.load(pool, of, (each.line for each in shown))
    items = [line_shown(each.key.contract_id, each.line, why) for each in shown]
    return lists.Page(items=items, next=next_cursor)


# --- a contract's figures ------------------------------------------------------------------------


class Known(NamedTuple):
    """What is known of a contract, now or at the end of a day."""

    state: State
    lines: Iterable[Line]
    assessments: Iterable[store.rows.AssessmentRow]
    """In the order in which they were made."""


async def known_now(pool: sql.Pool, row: sql.Record) -> Known:
    """What is known of the contract in a row of `store.reading`."""
    contract_id = row["contract_id"]
    returns = await store.histories.list_lines(pool, contract_id)
    lines = [line for each in returns for line in store.rows.read_lines(each.lines)]
    assessments = await store.histories.list_assessments(pool, contract_id)
    return Known(state.from_bytes(row["state"]), lines, assessments)


async def _known_then(pool: sql.Pool, contract_id: str, as_at: date) -> Known | None:
    """None if the contract was not registered by then."""
    entries = await store.histories.list_entries(pool, contract_id)
    end = calendar.midnight_after(as_at)
    late = (n for n, entry in enumerate(entries) if entry["occurred_at"] >= end)
    early = entries[: next(late, len(entries))]
    folded = await asyncio.to_thread(lambda: journal.refold(map(store.rows.read_entry, early)))
    if folded.state is None:
        return None
    outcomes = (event for each in folded.decisions for event in each.outcomes)
    return Known(folded.state, folded.lines.values(), store.rows.assessment_rows(outcomes))


def show(
    known: Known, titles: Mapping[str, str], as_at: date | None = None
) -> documents.Performance:
    """The figures of every commitment that was ever active."""
    found, periods, newest = known.state, _by_period(known.lines), _newest(known.assessments)
    return documents.Performance(
        contract_id=found.contract_id,
        as_at=as_at,
        inputs=found.inputs,
        rule_set=rules.RULE_SET,
        commitments=[
            _performed(
                commitment_id,
                titles.get(commitment_id, commitment_id),
                found.commitments[commitment_id],
                newest.get(commitment_id, []),
                periods.get(commitment_id, {}),
            )
            for commitment_id in sorted(found.commitments)
        ],
    )


def _performed(
    commitment_id: str,
    title: str,
    commitment: Commitment,
    assessments: list[documents.AssessmentShown],
    periods: Mapping[str, Sums],
) -> documents.Performed:
    version = commitment.versions[-1]
    last = assessments[-1] if assessments else None
    return documents.Performed(
        commitment_id=commitment_id,
        title=title,
        measure=version.measure,
        unit=version.unit,
        version=version.number,
        target=version.target,
        **commitments.checks(version.measure, has_area=version.area is not None),
        **_figures(commitment.total, version.per),
        **{name: last and getattr(last, name) for name in _OF_THE_LAST_ASSESSMENT},
        assessments=assessments,
        by_period=[
            {"period": period} | _plain_figures(periods[period], version.per)
            for period in sorted(periods)
        ],
    )


_OF_THE_LAST_ASSESSMENT: Final = ("period", "expected", "attainment", "rating", "reason", "used")


def _plain_figures(sums: Sums, per: int) -> dict[str, str]:
    return {name: format(value, "f") for name, value in _figures(sums, per).items()}


def _figures(sums: Sums, per: int) -> dict[str, Decimal]:
    return {
        "reported": assessment.units(sums.reported, per),
        "counted": assessment.units(sums.counted, per),
        "provisional": assessment.units(sums.provisional, per),
        "queried": assessment.units(sums.queried, per),
    }


def _by_period(lines: Iterable[Line]) -> dict[str, dict[str, Sums]]:
    found: dict[str, dict[str, Sums]] = {}
    for (commitment_id, period), sums in state.totals(lines).items():
        found.setdefault(commitment_id, {})[period] = sums
    return found


def _newest(
    rows: Iterable[store.rows.AssessmentRow],
) -> dict[str, list[documents.AssessmentShown]]:
    """Each commitment's assessments, the newest of each period, by period."""
    newest: dict[str, dict[str, documents.AssessmentShown]] = {}
    for row in rows:
        for made in store.rows.read_assessments(row):
            newest.setdefault(made.commitment_id, {})[made.period] = _shown(row, made)
    return {
        commitment_id: [periods[period] for period in sorted(periods)]
        for commitment_id, periods in newest.items()
    }


def _shown(row: store.rows.AssessmentRow, made: events.Assessment) -> documents.AssessmentShown:
    return documents.AssessmentShown(
        period=made.period,
        assessed_at=row.assessed_at,
        commitment_version=made.commitment_version,
        target=made.target,
        expected=assessment.shown(_ratio(made.expected)),
        expected_exact=made.expected,
        counted=made.counted,
        low=made.low,
        high=made.high,
        queried=made.high - made.low,
        attainment=None if made.attainment is None else percent(_ratio(made.attainment)),
        attainment_exact=made.attainment,
        rating=made.rating,
        reason=made.reason,
        replaces=made.replaces,
        used={
            "commitment_version": made.commitment_version,
            "bands": made.bands,
            "returns": [str(each) for each in made.returns],
            "inputs": made.inputs,
            "event_id": str(row.event_id),
        },
    )


def percent(value: profiles.Ratio) -> str:
    """A fraction in per cent, rounded down to one decimal (rule A3)."""
    numerator, denominator = value
    return str((Decimal(numerator * 1000 // denominator) / 10).quantize(_ONE_PLACE, ROUND_DOWN))


def _ratio(written: str) -> profiles.Ratio:
    """The inverse of `assessment.written`."""
    numerator, _, denominator = written.partition("/")
    return (int(numerator), int(denominator))


def line_shown(contract_id: str, line: Line, why: reasons.Reasons) -> documents.LineShown:
    """A line with its result and the findings that led to it."""
    sums = msgspec.structs.replace(Sums.of(line), reported=line.value)
    return documents.LineShown(
        contract_id=contract_id,
        period=line.period,
        party_id=line.party_id,
        return_id=line.return_id,
        line_id=line.line_id,
        commitment_id=line.commitment_id,
        activity_on=line.activity_on,
        outcome=line.result.outcome,
        **_figures(sums, line.per),
        findings=why.of(line),
    )
