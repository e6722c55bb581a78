"""A contract's figures for programs: what was delivered, how it was rated, and its lines (rule A9).

Promises: figures are those that the fold keeps or announced; nothing is computed again. A rounded
figure comes with its exact fraction. "As at" a day is the same fold over the entries of the journal
up to the end of that day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Annotated, Final

import msgspec
from fastapi import APIRouter, Query

from services.verification import store
from services.verification.api import commitments, contracts, documents, known, reasons, refusals
from services.verification.api.dependencies import Dependencies, Injected, Reader
from services.verification.domain import (
    assessment,
    behind,
    course,
    profiles,
    standing,
    state,
)
from services.verification.domain.lines import Line
from services.verification.domain.state import Commitment, Sums
from services.verification.register.refusals import Refusal
from services.verification.store.reading import FIRST_LINE, LineKey, ListedLine
from shared import calendar, fields, rules, sql
from shared.web import auth, lists, problems, routes, scope
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
        return show(await known.now(pool, row), titles)
    found = await known.then(pool, contract_id, as_at)
    if isinstance(found, date):
        raise problems.Problem(404, "The contract was not registered by the end of that day")
    return show(found, titles, as_at)


@router.get("/lines")
async def list_lines(
    who: Reader, dependencies: Injected, query: Annotated[documents.LinesQuery, Query()]
) -> lists.Page[documents.LineShown]:
    """Current lines with their results; those with `state=queried` wait for the council."""
    await contracts.assert_seen(dependencies, who, query.contract)
    if query.commitment is not None:
        contract_id = await _contract_of(dependencies, query, query.commitment)
        return await find_lines(dependencies, who, contract_id, query)
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
        period=query.period,
    )
    return await _page(pool, of, found, query)


async def find_lines(
    dependencies: Dependencies, who: auth.Caller, contract_id: str, query: documents.LinesQuery
) -> lists.Page[documents.LineShown]:
    """Lines of one commitment of a contract that the caller may see, the latest month first."""
    pool, of = dependencies.delivery.pool, scope.of(who)
    found = await store.figures.list_lines(
        pool,
        of,
        contract_id,
        read_key(contract_id, query.cursor),
        query.limit + 1,
        commitment_id=query.commitment,
        period=query.period,
        outcome=query.state,
    )
    return await _page(pool, of, found, query)


def lines_then(
    then: known.Known, of: scope.Scope, query: documents.LinesQuery
) -> lists.Page[documents.LineShown]:
    """The same, of what was known on a day. What went first then is not named: claims are kept as
    they are now."""
    contract_id = then.state.contract_id
    keyed = [
        ListedLine(LineKey(contract_id, *line.id), line)
        for line in then.lines
        if line.commitment_id == query.commitment
        and of.party_id in (None, line.party_id)
        and query.period in (None, line.period)
        and query.state in (None, line.result.outcome)
    ]
    keyed.sort(key=lambda each: (each.key.party_id, each.key.line_id))
    keyed.sort(key=lambda each: each.key.period, reverse=True)
    after = read_key(contract_id, query.cursor)
    if after is not None:
        keyed = [each for each in keyed if _is_after(each.key, after)]
    shown, next_cursor = lists.cut(keyed, query.limit, lambda each: each.key)
    why = reasons.Reasons("council" if of.party_id is None else "supplier", of.party_id, {}, {})
    items = [line_shown(contract_id, each.line, why) for each in shown]
    return lists.Page(items=items, next=next_cursor)


def _is_after(key: LineKey, other: LineKey) -> bool:
    if key.period != other.period:
        return key.period < other.period
    return key[2:] > other[2:]


def read_key(contract_id: str, cursor: str | None) -> LineKey | None:
    """The key in a cursor of one contract's lines. Raises a `400` problem."""
    if cursor is None:
        return None
    key = LineKey(*lists.decode_cursor(cursor, str, str, str, str))
    if key.contract_id != contract_id:
        raise lists.odd_cursor()
    return key


async def _page(
    pool: sql.Pool, of: scope.Scope, found: Sequence[ListedLine], query: documents.LinesQuery
) -> lists.Page[documents.LineShown]:
    """Of one line more than were asked for."""
    shown, next_cursor = lists.cut(found, query.limit, lambda each: each.key)
    why = await reasons.load(pool, of, (each.line for each in shown))
    items = [line_shown(each.key.contract_id, each.line, why) for each in shown]
    return lists.Page(items=items, next=next_cursor)


async def _contract_of(
    dependencies: Dependencies, query: documents.LinesQuery, commitment_id: str
) -> str:
    """The contract of the commitment that is asked for. Raises a `422` or `404` problem."""
    if query.contract is None:
        fix = "Give `contract` too: an id of a commitment is one contract's own."
        message = "It is not said of which contract."
        fault = problems.Fault("form", message, fix, parameter="commitment")
        raise problems.Problem(422, problems.INVALID, errors=[fault])
    rows = await store.register.list_commitments(dependencies.delivery.pool, query.contract)
    if commitment_id not in commitments.titles(rows):
        refusals.accept(Refusal("commitment_unknown"))
    return query.contract


# --- a contract's figures ------------------------------------------------------------------------


def show(
    of: known.Known, titles: Mapping[str, str], as_at: date | None = None
) -> documents.Performance:
    """The figures of every commitment that was ever active."""
    found, periods, newest = of.state, _by_period(of.lines), _newest(of.assessments)
    standings = {each.commitment_id: each for each in standing.of(found)}
    return documents.Performance(
        contract_id=found.contract_id,
        as_at=as_at,
        inputs=found.inputs,
        rule_set=rules.RULE_SET,
        commitments=[
            _performed(
                standings[commitment_id],
                titles.get(commitment_id, commitment_id),
                found.commitments[commitment_id],
                newest.get(commitment_id, []),
                periods.get(commitment_id, {}),
            )
            for commitment_id in sorted(found.commitments)
        ],
    )


def _performed(
    stands: standing.Standing,
    title: str,
    commitment: Commitment,
    assessments: list[documents.AssessmentShown],
    periods: Mapping[str, Sums],
) -> documents.Performed:
    version = commitment.versions[-1]
    last = assessments[-1] if assessments else None
    described = behind.describe(stands, title)
    return documents.Performed(
        commitment_id=stands.commitment_id,
        title=title,
        headline=described.headline,
        words=described.words,
        measure=version.measure,
        unit=version.unit,
        version=version.number,
        target=version.target,
        **commitments.checks(version.measure, has_area=version.area is not None),
        **_figures(commitment.total, version.per),
        **{name: last and getattr(last, name) for name in _OF_THE_LAST_ASSESSMENT},
        assessments=assessments,
        needed=_needed(course.needed(commitment), version.unit),
        by_period=[
            {"period": period} | _plain_figures(periods[period], version.per)
            for period in sorted(periods)
        ],
    )


def _needed(found: course.Needed | None, unit: str) -> documents.Needed | None:
    if found is None:
        return None
    return documents.Needed(
        a_month=course.rounded(found.a_month, unit),
        months=found.months,
        best=found.best,
        is_best_of_all=found.is_of_all,
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
    for commitment_id, made in assessed(rows):
        newest.setdefault(commitment_id, {})[made.period] = made
    return {
        commitment_id: [periods[period] for period in sorted(periods)]
        for commitment_id, periods in newest.items()
    }


def assessed(
    rows: Iterable[store.rows.AssessmentRow],
) -> Iterator[tuple[str, documents.AssessmentShown]]:
    """Every assessment with its commitment, in the order in which they were made."""
    for row in rows:
        for made in store.rows.read_assessments(row):
            yield made.commitment_id, _shown(row, made)


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
        thing=line.thing,
        outcome=line.result.outcome,
        **_figures(sums, line.per),
        findings=why.of(line),
    )
