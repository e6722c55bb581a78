"""A contract's figures as people see them: what was delivered, and how it was rated (rule A9).

Promises: pure; figures are those that the fold keeps or said, never computed anew; what is shown is
rounded, the exact fraction stands beside it. `refold` answers "as at": the same fold over the first
inputs of the journal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_DOWN, Decimal
from typing import Final

from services.verification import store
from services.verification.api import documents
from services.verification.domain import assessment, profiles
from services.verification.domain.lines import Line
from services.verification.domain.rules import RULE_SET
from services.verification.domain.state import Commitment, State, Sums
from shared.wire import events

_ONE_PLACE: Final = Decimal("0.1")


def show(
    found: State,
    titles: Mapping[str, str],
    lines: Iterable[Line],
    rated: Iterable[store.rows.AssessmentRow],
    as_at: date | None,
) -> documents.Performance:
    """The figures of every commitment that was ever active."""
    periods, newest = _by_period(lines), _newest(rated)
    return documents.Performance(
        contract_id=found.contract_id,
        as_at=as_at,
        inputs=found.inputs,
        rule_set=RULE_SET,
        commitments=[
            _performed(
                (commitment_id, titles.get(commitment_id, commitment_id)),
                found.commitments[commitment_id],
                newest.get(commitment_id, []),
                periods.get(commitment_id, {}),
            )
            for commitment_id in sorted(found.commitments)
        ],
    )


def _performed(
    named: tuple[str, str],
    promise: Commitment,
    rated: list[documents.AssessmentShown],
    periods: Mapping[str, Sums],
) -> documents.Performed:
    version = promise.versions[-1]
    last = rated[-1] if rated else None
    return documents.Performed(
        commitment_id=named[0],
        title=named[1],
        measure=version.measure,
        unit=version.unit,
        version=version.number,
        target=version.target,
        **_figures(promise.total, version.per),
        period=last and last.period,
        expected=last and last.expected,
        attainment=last and last.attainment,
        rating=last and last.rating,
        reason=last and last.reason,
        used=last and last.used,
        assessments=rated,
        by_period=[
            {"period": period}
            | {
                name: format(value, "f")
                for name, value in _figures(periods[period], version.per).items()
            }
            for period in sorted(periods)
        ],
    )


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
    rated: Iterable[store.rows.AssessmentRow],
) -> dict[str, list[documents.AssessmentShown]]:
    """Each commitment's assessments, the newest of each period, by period."""
    newest: dict[tuple[str, str], tuple[store.rows.AssessmentRow, events.Assessment]] = {}
    for row in rated:
        for said in store.rows.read_assessments(row):
            newest[said.commitment_id, said.period] = row, said
    found: dict[str, list[documents.AssessmentShown]] = {}
    for commitment_id, period in sorted(newest):
        shown = _shown(*newest[commitment_id, period])
        found.setdefault(commitment_id, []).append(shown)
    return found


def _shown(row: store.rows.AssessmentRow, said: events.Assessment) -> documents.AssessmentShown:
    return documents.AssessmentShown(
        period=said.period,
        assessed_at=row.assessed_at,
        commitment_version=said.commitment_version,
        target=said.target,
        expected=assessment.shown(_ratio(said.expected)),
        expected_exact=said.expected,
        counted=said.counted,
        low=said.low,
        high=said.high,
        queried=said.high - said.low,
        attainment=None if said.attainment is None else percent(_ratio(said.attainment)),
        attainment_exact=said.attainment,
        rating=said.rating,
        reason=said.reason,
        replaces=said.replaces,
        used={
            "commitment_version": said.commitment_version,
            "bands": said.bands,
            "returns": [str(each) for each in said.returns],
            "inputs": said.inputs,
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
                name: said
                for name, said in (
                    ("rule", finding.rule),
                    ("code", finding.code),
                    ("found", finding.found),
                    ("wanted", finding.wanted),
                )
                if said is not None
            }
            for finding in line.result.findings
        ],
    )
