"""A contract's figures for programs: what was delivered, how it was rated, and its lines (rule A9).

Promises: figures are those that the fold keeps or announced, never computed anew; what is shown is
rounded, with the exact fraction next to it. "As at" is the same fold over the first entries of the
journal.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Query

from services.verification import store
from services.verification.api import commitments, contracts, documents
from services.verification.api.dependencies import Injected, Reader
from services.verification.domain import assessment, journal, profiles, state
from services.verification.domain.lines import Line
from services.verification.domain.rules import RULE_SET
from services.verification.domain.state import Commitment, State, Sums
from services.verification.store.reading import FIRST_LINE, LineKey
from shared import calendar
from shared.web import lists, problems
from shared.wire import events

router = APIRouter(prefix="/api/v1")

Day = Annotated[date, Query(ge=date(1970, 1, 1), le=date(2999, 12, 31))]

_ONE_PLACE: Final = Decimal("0.1")


@router.get("/contracts/{contract_id}/performance")
async def get_performance(
    contract_id: str, who: Reader, dependencies: Injected, as_at: Day | None = None
) -> documents.Performance:
    """Each commitment's figures, now or as they were known at the end of a day."""
    row = await contracts.find(dependencies, who, contract_id)
    pool = dependencies.delivery.pool
    titles = commitments.titles(await store.register.list_commitments(pool, contract_id))
    if as_at is None:
        returns = await store.histories.list_lines(pool, contract_id)
        known = Known(
            state.from_bytes(row["state"]),
            [line for each in returns for line in store.rows.read_lines(each.lines)],
            await store.histories.list_assessments(pool, contract_id),
        )
        return show(known, titles)
    entries = await store.histories.list_entries(pool, contract_id)
    end = calendar.midnight_after(as_at)
    late = (n for n, entry in enumerate(entries) if entry["occurred_at"] >= end)
    known_then = entries[: next(late, len(entries))]
    folded = await asyncio.to_thread(lambda: journal.refold(map(store.rows.read_entry, known_then)))
    if folded.state is None:
        raise problems.Problem(404, "The contract was not known here on that day")
    outcomes = (event for each in folded.decisions for event in each.outcomes)
    assessments = store.rows.assessment_rows(outcomes)
    return show(Known(folded.state, folded.lines.values(), assessments), titles, as_at)


@router.get("/lines")
async def list_lines(
    who: Reader, dependencies: Injected, query: Annotated[documents.LinesQuery, Query()]
) -> lists.Page[documents.LineShown]:
    """Current lines with their results; `state=queried` waits for the council."""
    after = FIRST_LINE
    if query.cursor is not None:
        after = LineKey(*lists.decode_cursor(query.cursor, str, str, str, str))
    found = await store.reading.list_lines(
        dependencies.delivery.pool,
        store.reading.scope(who),
        after,
        query.limit + 1,
        outcome=query.state,
        contract_id=query.contract,
    )
    shown, next_cursor = lists.cut(found, query.limit, lambda each: each.key)
    items = [line_shown(each.key.contract_id, each.line) for each in shown]
    return lists.Page(items=items, next=next_cursor)


# --- a contract's figures ------------------------------------------------------------------------


class Known(NamedTuple):
    """What is known of a contract, now or at the end of a day."""

    state: State
    lines: Iterable[Line]
    assessments: Iterable[store.rows.AssessmentRow]


def show(
    known: Known, titles: Mapping[str, str], as_at: date | None = None
) -> documents.Performance:
    """The figures of every commitment that was ever active."""
    found, periods = known.state, _by_period(known.lines)
    newest = _newest(known.assessments)
    return documents.Performance(
        contract_id=found.contract_id,
        as_at=as_at,
        inputs=found.inputs,
        rule_set=RULE_SET,
        commitments=[
            documents.Performed(
                commitment_id=commitment_id,
                title=titles.get(commitment_id, commitment_id),
                **_performed(
                    found.commitments[commitment_id],
                    newest.get(commitment_id, []),
                    periods.get(commitment_id, {}),
                ),
            )
            for commitment_id in sorted(found.commitments)
        ],
    )


def _performed(
    commitment: Commitment,
    assessments: list[documents.AssessmentShown],
    periods: Mapping[str, Sums],
) -> dict[str, Any]:
    version = commitment.versions[-1]
    last = assessments[-1] if assessments else None
    return {
        "measure": version.measure,
        "unit": version.unit,
        "version": version.number,
        "target": version.target,
        **_figures(commitment.total, version.per),
        "period": last and last.period,
        "expected": last and last.expected,
        "attainment": last and last.attainment,
        "rating": last and last.rating,
        "reason": last and last.reason,
        "used": last and last.used,
        "assessments": assessments,
        "by_period": [
            {"period": period}
            | {
                name: format(value, "f")
                for name, value in _figures(periods[period], version.per).items()
            }
            for period in sorted(periods)
        ],
    }


def _figures(sums: Sums, per: int) -> dict[str, Decimal]:
    return {
        "reported": assessment.units(sums.reported, per),
        "counted": assessment.units(sums.counted, per),
        "provisional": assessment.units(sums.provisional, per),
        "queried": assessment.units(sums.queried, per),
    }


def _by_period(lines: Iterable[Line]) -> dict[str, dict[str, Sums]]:
    found: dict[str, dict[str, Sums]] = {}
    for line in lines:
        periods = found.setdefault(line.commitment_id, {})
        periods[line.period] = periods.get(line.period, Sums()).plus(Sums.of((line,)))
    return found


def _newest(
    assessments: Iterable[store.rows.AssessmentRow],
) -> dict[str, list[documents.AssessmentShown]]:
    """Each commitment's assessments, the newest of each period, by period."""
    newest: dict[tuple[str, str], tuple[store.rows.AssessmentRow, events.Assessment]] = {}
    for row in assessments:
        for made in store.rows.read_assessments(row):
            newest[made.commitment_id, made.period] = row, made
    found: dict[str, list[documents.AssessmentShown]] = {}
    for commitment_id, period in sorted(newest):
        shown = _shown(*newest[commitment_id, period])
        found.setdefault(commitment_id, []).append(shown)
    return found


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
    """Inverse of `assessment.written`."""
    numerator, _, denominator = written.partition("/")
    return (int(numerator), int(denominator))


def line_shown(contract_id: str, line: Line) -> documents.LineShown:
    sums = Sums.of((line,))
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
        findings=[
            {
                name: value
                for name, value in (
                    ("rule", finding.rule),
                    ("code", finding.code),
                    ("found", finding.found),
                    ("wanted", finding.wanted),
                )
                if value is not None
            }
            for finding in line.result.findings
        ],
    )
