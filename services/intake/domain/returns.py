"""What one return may say: the I rules, with all faults at once.

Promises: `check` names every fault of a return, each with its place, its rule and what to do.

Refuses: what breaks the rules I1 to I13, as far as one return can break them by itself. The rules
of a single line are in `lines`; what cannot be read is found by `submission`.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from services.intake.domain import faults, field_help, lines, submission
from services.intake.domain.faults import FaultList
from shared import calendar, catalogue, obligations
from shared.wire.events import ContractPublished

LATE_MONTHS_MAX: Final = 12
"""Rule I5: how far back a late claim may reach before the month of its return."""
LINES_TOLD_MIN: Final = 2
"""Of a single line nobody can tell whether its day or the month of the return is wrong."""
MEASURES_LISTED_MAX: Final = 20
"""Commitments that a fault offers to choose from."""


@dataclass(frozen=True, slots=True)
class Contract:
    """What intake knows about a contract: enough to read a line."""

    contract_id: str
    authority_id: str
    supplier_ids: frozenset[str]
    starts_on: date
    ends_on: date
    measures: dict[str, catalogue.Measure | None]
    """By commitment; None if the catalogue has no such measure."""


def contract(published: ContractPublished) -> Contract:
    """The contract, as verification published it."""
    return Contract(
        contract_id=published.contract_id,
        authority_id=published.authority_id,
        supplier_ids=frozenset(published.supplier_ids),
        starts_on=published.starts_on,
        ends_on=published.ends_on,
        measures={c.commitment_id: catalogue.by_code.get(c.measure) for c in published.commitments},
    )


@dataclass(frozen=True, slots=True)
class Context:
    """What a return is checked against."""

    party_id: str
    contract: Contract | None
    """None if it is unknown here, or if the party may not report on it."""
    revision: int
    """The current one for this contract, party and period; 0 if there is none."""
    today: date


def check(reading: submission.Reading, context: Context) -> tuple[faults.Fault, ...]:
    """Every fault of what was read, faults of form first. If there is none, the return can be
    accepted."""
    found = FaultList(list(reading.faults), reading.faulty)
    if reading.is_unreadable:
        return faults.bounded(found.faults)
    sent = reading.submission
    _check_party(found, sent, context)
    month = _check_period(found, sent, context)
    _check_revision(found, sent, context.revision)
    _check_declaration(found, sent.declaration)
    _check_invoiced_to_date(found, sent.invoiced_to_date)
    _check_lines(found, sent, context.contract, lines.Days(month, context.today))
    return faults.bounded(found.faults)


def is_conflict(reading: submission.Reading, found: tuple[faults.Fault, ...]) -> bool:
    """Whether the only fault is that the revision, which is a number, is not the next one. The
    answer is then 409."""
    is_only = [fault.pointer for fault in found] == ["/revision"]
    return is_only and reading.submission.revision is not None


def _check_party(found: FaultList, sent: submission.Submission, context: Context) -> None:
    """Rule I1. Both cases get the same answer, so that guessing does not reveal contracts."""
    if sent.contract_id is None:
        found.add_missing("I1", "/contract_id", "Copy it from your contract.")
    elif context.contract is None:
        found.add(
            "I1",
            "/contract_id",
            sent.contract_id,
            f"This contract is not known here yet, or {context.party_id} may not report on it",
            "Check the identifier. If it is right, ask the council, then send the same again.",
        )


def _check_period(
    found: FaultList, sent: submission.Submission, context: Context
) -> lines.Month | None:
    """Rule I2. Returns the month, if it can be that of this return. If not, the days of the lines
    are not held against it."""
    if sent.period is None:
        found.add_missing("I2", "/period", "Write it as 2026-10.")
        return None
    month = month_of(sent.period)
    known = context.contract
    fix = "Choose a month of the contract."
    if month.first > context.today:
        message, fix = "This month has not begun yet", "Report it when it has begun."
    elif known is not None and month.last < known.starts_on:
        message = f"The contract starts on {known.starts_on}, after this month"
    elif known is not None and sent.period > obligations.last_taken(known.ends_on):
        message = f"The contract ended on {known.ends_on}, more than six months before this month"
    elif days := _find_other_days(sent, month):
        message = f"No line lies in this month: their days are from {days.first} to {days.last}"
        fix = "Correct the period, or the days. If it is a late claim, say why it is late."
    else:
        return month
    found.add("I2", "/period", sent.period, message, fix)
    return None


class _Days(NamedTuple):
    """The first and the last of some days."""

    first: date
    last: date


def _find_other_days(sent: submission.Submission, month: lines.Month) -> _Days | None:
    """The days of the lines, if there are several and every one of them lies outside the month: a
    wrong month is one fault, not one for each line. A late claim lies outside on purpose."""
    each = sent.lines or ()
    begun = [line.from_ for line in each if line.from_ is not None and line.late is None]
    if len(begun) < LINES_TOLD_MIN or len(begun) < len(each):
        return None
    days = [*begun, *(line.to for line in each if line.to is not None)]
    if any(month.first <= day <= month.last for day in days):
        return None
    return _Days(min(days), max(days))


@functools.lru_cache(maxsize=1_000)
def month_of(period: str) -> lines.Month:
    """The days of a period, `YYYY-MM`."""
    first = calendar.first_day(period)
    late_year, late_number = divmod(first.year * 12 + first.month - 1 - LATE_MONTHS_MAX, 12)
    return lines.Month(
        name=period,
        first=first,
        last=calendar.last_day(period),
        late_from=date(late_year, late_number + 1, 1),
    )


def _check_revision(found: FaultList, sent: submission.Submission, current: int) -> None:
    """Rule I3."""
    if sent.revision is None:
        found.add_missing("I3", "/revision", "Write 1 for the first return of a month.")
    elif sent.revision != current + 1:
        has = f"is at revision {current}" if current else "has no return yet"
        message = f"This month {has}: the next one is revision {current + 1}"
        fix = f"Check what was sent before, then send this as revision {current + 1}."
        found.add("I3", "/revision", sent.revision, message, fix)
    is_again = sent.revision not in (None, 1) and current > 0
    if is_again and not (sent.reason or "").strip():
        found.add_missing("I3", "/reason", "Say why the month is reported again.")
    if sent.nil and sent.lines:
        message = "A nil return says that there is nothing to report, and this one has lines"
        found.add("I3", "/nil", sent.nil, message, "Remove the lines, or do not send it as nil.")
    if not sent.nil and not sent.lines and "/nil" not in found.unreadable:
        found.add_missing("I3", "/lines", "Add lines, or say that there is nothing to report.")


def _check_declaration(found: FaultList, declared: submission.Declaration | None) -> None:
    """Rule I11."""
    if declared is None:
        found.add_missing("I11", "/declaration", "Make both statements, and give name and role.")
        return
    for name, statement in (
        ("this_contract_and_period_only", declared.this_contract_and_period_only),
        ("answers_a_commitment", declared.answers_a_commitment),
    ):
        if statement is not True:
            found.add_missing("I11", f"/declaration/{name}", field_help.DECLARE)
    for name, text in (("name", declared.name), ("role", declared.role)):
        if not (text or "").strip():
            fix = f"Give the {name} of the person who declares."
            found.add_missing("I11", f"/declaration/{name}", fix)


def _check_invoiced_to_date(found: FaultList, amount: str | None) -> None:
    if amount is not None and Decimal(amount) < 0:
        message = "The amount invoiced to date must not be negative"
        found.add("I6", "/invoiced_to_date", amount, message, "Give the total of all invoices.")


def _check_lines(
    found: FaultList,
    sent: submission.Submission,
    known: Contract | None,
    days: lines.Days,
) -> None:
    line_ids: set[str] = set()
    for index, line in enumerate(sent.lines or ()):
        place = f"/lines/{index}"
        if line.line_id is not None and line.line_id in line_ids:
            message = "Another line of this return has the same line_id"
            fix = "Give each line a line_id of its own."
            found.add("I4", place + "/line_id", line.line_id, message, fix)
        elif line.line_id is not None:
            line_ids.add(line.line_id)
        measure = _measure(found, place + "/commitment_id", line.commitment_id, known)
        lines.check(found, place, line, days, measure)


def _measure(
    found: FaultList, place: str, commitment_id: str | None, known: Contract | None
) -> catalogue.Measure | None:
    """What a line's commitment counts; a fault (rule I4) if that is not known."""
    if commitment_id is None:
        found.add_missing("I4", place, "Copy it from your contract.")
        return None
    if known is None:
        return None
    measure = known.measures.get(commitment_id)
    if measure is None:
        message = "This contract has no such commitment with a known measure"
        choices = ", ".join(sorted(known.measures)[:MEASURES_LISTED_MAX]) or "none yet"
        found.add("I4", place, commitment_id, message, f"Choose one of: {choices}.")
    return measure
